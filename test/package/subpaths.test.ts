// What the subpaths give is what the root gives, in Node's bundles and in the modules for bundlers.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { packedFixture } from "../helpers/packed-fixture.js";

type Names = Record<string, unknown>;

const fixture = packedFixture();

const load = async (path: string): Promise<Names> =>
  (await import(pathToFileURL(join(fixture.user, "node_modules/fovea/dist", path)).href)) as Names;

describe.each([
  ["bundles", "index.js", ["data.js", "train.js", "models.js"], "families"],
  [
    "modules",
    "esm/index.js",
    ["esm/entries/data.js", "esm/entries/train.js", "esm/models/index.js"],
    "esm/families",
  ],
])("in %s", (_, index, parts, families) => {
  it("subpaths give the root's own", async () => {
    const root = await load(index);
    const files = readdirSync(join(fixture.user, "node_modules/fovea/dist", families)).map(
      (name) => `${families}/${name}`,
    );
    expect(files.length).toBeGreaterThan(40);
    for (const path of [...parts, ...files]) {
      const part = await load(path);
      expect(Object.keys(part).length, path).toBeGreaterThan(0);
      for (const [name, value] of Object.entries(part))
        expect(root[name] === value, `${path}: ${name}`).toBe(true);
    }
  });

  it("families are all models that have names", async () => {
    const { modelNames } = (await load(index)) as { modelNames(): string[] };
    const files = readdirSync(join(fixture.user, "node_modules/fovea/dist", families)).map(
      (name) => `${families}/${name}`,
    );
    const names = (await Promise.all(files.map(load))).flatMap((each) => Object.keys(each));
    expect(names).toEqual(expect.arrayContaining(modelNames()));
  });
});

it("both give the same names", async () => {
  const [bundle, modules] = await Promise.all(["index.js", "esm/index.js"].map(load));
  expect(Object.keys(modules!).sort()).toEqual(Object.keys(bundle!).sort());
});
