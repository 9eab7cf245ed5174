// What npm would publish: which files, how large, whether what they name is there.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createPackageFromTarballData, checkPackage } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { beforeAll, describe, expect, it } from "vitest";
import { version } from "../../src/version.js";
import { packedFixture } from "../helpers/packed-fixture.js";

const MEGABYTE = 1e6;

const packed = packedFixture();
let own: string;
let manifest: Record<string, unknown>;

beforeAll(() => {
  own = join(packed.user, "node_modules/fovea");
  manifest = JSON.parse(readFileSync(join(own, "package.json"), "utf8")) as typeof manifest;
});

const paths = (): string[] => packed.files.map(({ path }) => path);

describe("the packed package", () => {
  it("installs nothing else, and takes less than five megabytes", () => {
    expect(Object.keys(manifest)).not.toContain("dependencies");
    const { peerDependencies, peerDependenciesMeta } = manifest as Record<string, Record<string, object>>;
    expect(Object.keys(peerDependencies!)).toEqual(["koffi"]);
    expect(peerDependenciesMeta).toEqual({ koffi: { optional: true } });
    expect(packed.unpackedSize).toBeLessThan(5 * MEGABYTE);
    expect(manifest.version).toBe(version);
  });

  it("holds dist and what is to be read, and no sources or tests", () => {
    const beside = paths().filter((path) => !path.startsWith("dist/"));
    expect(beside.sort()).toEqual(
      ["CHANGELOG.md", "LICENSE", "README.md", "THIRD_PARTY_NOTICES.md", "package.json"].sort(),
    );
    const strange = paths().filter(
      (path) => path.startsWith("dist/") && !/\.(js|js\.map|d\.ts|d\.ts\.map|wasm)$/.test(path),
    );
    expect(strange).toEqual([]);
    expect(paths().filter((path) => /\.test\.|\/cli\/|node\/worker-text/.test(path))).toEqual([]);
  });

  it("has the licence of everything that was bundled", () => {
    const notices = readFileSync(join(own, "THIRD_PARTY_NOTICES.md"), "utf8");
    const bundled =
      "commander d3-array fast-png fdir fflate iobuffer jpeg-js modern-tar pbf picomatch tinyglobby yaml";
    const titles = [...notices.matchAll(/^## (\S+) [\d.]+ \((.+)\)$/gm)].map(([, name]) => name);
    expect(titles).toEqual(expect.arrayContaining(bundled.split(" ")));
    expect(notices).toContain("notmasteryet"); // whose part of jpeg-js has a licence of its own
    expect(notices).toMatch(/## Apache License 2\.0[^]*TERMS AND CONDITIONS/);
    expect(notices).not.toMatch(/fovea@|file:/);
  });

  it("has no map that leads out of it", () => {
    for (const path of paths().filter((each) => each.endsWith(".map"))) {
      const { sources } = JSON.parse(readFileSync(join(own, path), "utf8")) as { sources: string[] };
      for (const source of sources) {
        expect(existsSync(join(own, dirname(path), source)), `${path}: ${source}`).toBe(true);
      }
    }
    const linear = JSON.parse(readFileSync(join(own, "dist/types/nn/linear.d.ts.map"), "utf8")) as {
      sources: string[];
    };
    expect(linear.sources).toEqual(["../../esm/nn/linear.js"]);
  });

  it("carries the kernels once in each way to use it", () => {
    const text = readFileSync(join(own, "dist/esm/wasm/binaries.js"), "utf8");
    const kernels = /[A-Za-z0-9+/]{1000,}/.exec(text)![0];
    const holders = paths().filter(
      (path) =>
        path.endsWith(".js") &&
        readFileSync(join(own, path), "utf8").replaceAll("\\\n", "").includes(kernels),
    );
    expect(holders.sort()).toEqual([
      expect.stringMatching(/^dist\/chunk-\w+\.js$/),
      "dist/esm/wasm/binaries.js",
    ]);
  });

  it("gives Parcel, which reads no exports by default, the same subpaths", () => {
    const { alias, exports } = manifest as Record<"alias" | "exports", Record<string, unknown>>;
    for (const [subpath, file] of Object.entries(alias)) {
      const { default: expected } = exports[subpath] as { default: string };
      expect(file, subpath).toBe(expected.replace("*", "$1"));
    }
    const own = Object.keys(exports).filter((path) => !/^\.$|node$|mpi$|\.\w+$/.test(path));
    expect(Object.keys(alias).sort()).toEqual(own.sort());
  });

  it("says exactly which files do something when they are imported", () => {
    const listed = manifest.sideEffects as string[];
    expect(listed).toEqual([
      "./src/**", // for what is bundled from the sources
      "./dist/*.js",
      "./dist/esm/index.js",
      "./dist/esm/tensor-methods.js",
      "./dist/esm/entries/*.js",
      "./dist/esm/web/worker.js",
    ]);
    // Entries do it for the sake of those methods alone.
    for (const entry of ["index", "entries/data", "entries/train"]) {
      const text = readFileSync(join(own, `dist/esm/${entry}.js`), "utf8");
      const imports = [...text.matchAll(/^import "(.*)";$/gm)].map(([, path]) => path);
      expect(imports.map((path) => path!.replace(/^\.+\//, ""))).toEqual(["tensor-methods.js"]);
    }
  });

  it("is all good to publint and to attw", async () => {
    const { messages } = await publint({ pkgDir: own, strict: true, pack: false });
    expect(messages.map((message) => formatMessage(message, manifest))).toEqual([]);
    const data = createPackageFromTarballData(new Uint8Array(readFileSync(packed.tarball)));
    // Files of WebAssembly have no types of ours; one family of networks stands for all, which are made alike.
    const excludeEntrypoints = [/\.wasm$/, /pool-worker/, /models\/(?!resnet$)/];
    const checked = await checkPackage(data, { excludeEntrypoints });
    const problems = "problems" in checked ? checked.problems : [];
    // Its profile "esm-only": nobody requires it from CommonJS before Node 20.19, and files for resolution without exports are moot.
    const told = problems.filter(
      (problem) => !("resolutionKind" in problem && /^node10$|^node16-cjs$/.test(problem.resolutionKind)),
    );
    expect(told).toEqual([]);
    expect(checked.types).toBeTruthy();
  });
});
