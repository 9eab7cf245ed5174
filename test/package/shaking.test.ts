// A page that uses one network carries neither the others nor what else it does not use: of the packed package, by bundlers' own rules.

import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { packedFixture } from "../helpers/packed-fixture.js";

const fixture = packedFixture();

/** The page's script, and the modules of fovea that something of it comes from. */
async function page(contents: string): Promise<{ text: string; modules: string[]; gzipped: number }> {
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir: fixture.user },
    ...{ bundle: true, minify: true, format: "esm", platform: "browser", write: false, metafile: true },
    logLevel: "error",
  });
  const used = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  const modules = used
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path]) => path.replace(/.*fovea\/dist\/esm\//, ""));
  const { text, contents: bytes } = outputFiles[0]!;
  return { text, modules, gzipped: gzipSync(bytes, { level: 9 }).length };
}

const NETWORKS = /^models\/(?!blocks|classifier|head|layers|model\.)/;

describe.each([
  ["lenet5", "lenet"],
  ["starnet_s1", "starnet"],
])("%s", (name, file) => {
  it.each(["fovea", "fovea/models", `fovea/models/${file}`])(
    "by %s carries no family but its own",
    async (from) => {
      const { text, modules } = await page(`import { ${name} } from "${from}"; console.log(${name}());`);
      expect(modules.filter((each) => NETWORKS.test(each))).toEqual([`models/${file}.js`]);
      expect(
        modules.filter((each) =>
          /^(train|optim|onnx|data\/(augment|decode)|io|vendor\/(jpeg|fast-png|pbf))/.test(each),
        ),
      ).toEqual([]);
      expect(text).not.toMatch(/resnet50|dpn68|goldfish/);
    },
  );
});

it("a page that classifies and one that trains stay small", async () => {
  const classifies = await page(
    `import { compile, decodeWeights, resnet18, tensor } from "fovea";
     const model = resnet18();
     model.load(decodeWeights(new Uint8Array(await (await fetch("weights")).arrayBuffer())));
     console.log((await compile(model).run(tensor(new Float32Array(150528), [1, 224, 224, 3]))).data());`,
  );
  const trains = await page(
    `import { Adam, crossEntropy, DataLoader, fit, ImageDataset, resnet18 } from "fovea"; console.log(Adam, crossEntropy, DataLoader, fit, ImageDataset, resnet18);`,
  );
  expect(classifies.gzipped).toBeLessThan(110_000);
  expect(trains.gzipped).toBeLessThan(150_000);
});
