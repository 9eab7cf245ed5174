// What was found fastest, kept for the next process: what is taken from the file, and what a file may not do.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { compile, manualSeed, tidy } from "../../src/index.js";
import { readChoices, writeChoices } from "../../src/compile/tuning-file.js";
import { Tuner } from "../../src/compile/tuning.js";
import { init } from "../../src/wasm/runtime.js";
import { compiled, eager, modelFor, wave } from "../helpers/compiled.js";
import { runSource } from "../helpers/run-source.js";
import { isLong } from "../helpers/ring.js";

let home = "";
const file = (): string => join(home, "tuning.json");
/** What a new process would see: no choice in memory. */
const anew = (threads = 1): void => void init({ threads });

beforeEach(() => {
  home = mkdtempSync(join(os.tmpdir(), "fovea-tuning-"));
  vi.stubEnv("FOVEA_HOME", home);
  anew();
  manualSeed(1);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(home, { recursive: true });
});

/** Times two ways, the second of which is faster. */
function timeTwo(key: string): number {
  const tuner = new Tuner();
  const way = tuner.choose(key, 2, (n) => {
    const end = performance.now() + (n === 0 ? 3 : 0);
    while (performance.now() < end);
  });
  tuner.keep();
  return way;
}

describe("choices", () => {
  it("are there for the next process, and for more of them", () => {
    expect(timeTwo("a")).toBe(1);
    anew();
    expect(new Tuner().known("a", 2)).toBe(1);
    expect(timeTwo("b")).toBe(1);
    anew();
    expect([...readChoices()]).toEqual([["a", 1], ["b", 1]]); // prettier-ignore
    expect(readdirSync(home)).toEqual(["tuning.json"]);
  });

  it("are not read before they are needed, and written only if there is something new", () => {
    const tuner = new Tuner();
    tuner.keep();
    expect(existsSync(file())).toBe(false);
    timeTwo("a");
    const { ino } = statSync(file());
    anew();
    const next = new Tuner();
    expect(next.known("a", 2)).toBe(1);
    next.keep();
    expect(statSync(file()).ino).toBe(ino);
  });

  it("of other threads, binaries, engines and processors are not taken, and stay", () => {
    timeTwo("a");
    anew(2);
    expect(new Tuner().known("a", 2)).toBeUndefined();
    init({ threads: 1, binary: "simd" });
    expect(new Tuner().known("a", 2)).toBeUndefined();
    timeTwo("b");
    anew();
    const cpus = os.cpus();
    const here = vi.spyOn(os, "cpus").mockReturnValue(cpus.map((cpu) => ({ ...cpu, model: "Another" })));
    expect(new Tuner().known("a", 2)).toBeUndefined();
    here.mockRestore();
    anew();
    expect(new Tuner().known("a", 2)).toBe(1);
    expect(new Tuner().known("b", 2)).toBeUndefined();
  });

  it("are forgotten where there are fewer ways", () => {
    writeChoices(new Map([["a", 3]]));
    expect(new Tuner().known("a", 4)).toBe(3);
    expect(new Tuner().known("a", 3)).toBeUndefined();
  });

  it("of many machines, or too many of one, are dropped: the oldest first", () => {
    const cpus = os.cpus();
    const many = new Map(Array.from({ length: 1005 }, (_, i) => [`${i}`.padEnd(2000), 1]));
    for (let i = 0; i < 20; i++) {
      vi.spyOn(os, "cpus").mockReturnValue([{ ...cpus[0]!, model: `CPU ${i}` }]);
      writeChoices(new Map([[`choice ${i}`, 0]]));
    }
    expect([...readChoices()]).toEqual([["choice 19", 0]]);
    const { machines } = JSON.parse(readFileSync(file(), "utf8")) as { machines: object };
    expect(Object.keys(machines).map((name) => name.split(" ")[1])).toEqual(
      Array.from({ length: 16 }, (_, i) => String(i + 4)),
    );
    writeChoices(new Map([...many].map(([key, way]) => [key.trim(), way])));
    expect(readChoices().size).toBe(1000);
    writeChoices(many); // two million bytes
    expect(statSync(file()).size).toBeLessThan(1 << 20);
    expect(readChoices().size).toBe(0);
  });
});

describe("a file", () => {
  const nothing = (): void => {
    anew();
    expect(readChoices().size).toBe(0);
    expect(timeTwo("a")).toBe(1);
  };

  it.each([
    ["empty", ""],
    ["cut", '{"machines": {"'],
    ["somebody else's", "[1, 2, 3]"],
    ["null", "null"],
    ["of other kinds", '{"machines": 3}'],
    ["of lists", '{"machines": [[1]]}'],
    ["not of text", Buffer.from([255, 0, 254, 1])],
    ["deep", "[".repeat(900_000)],
    ["too long", `{"machines": {}, "more": "${"x".repeat(1 << 20)}"}`],
  ])("that is %s is as none, and replaced", (_, text) => {
    writeFileSync(file(), text);
    nothing();
    anew();
    expect([...readChoices()]).toEqual([["a", 1]]);
  });

  it("says numbers of ways or nothing", () => {
    timeTwo("a");
    const text = readFileSync(file(), "utf8");
    for (const way of ["-1", "1.5", "64", "1e300", '"1"', "null", "true", "[1]", "{}"]) {
      writeFileSync(file(), text.replace('"a": 1', `"a": ${way}, "b": 1`));
      anew();
      expect([way, ...readChoices()]).toEqual([way, ["b", 1]]);
    }
    for (const ways of ["3", "null", "[1]", '"a"']) {
      writeFileSync(file(), text.replace(/\{\s*"a": 1\s*\}/, ways));
      expect([ways, readChoices().size]).toEqual([ways, 0]);
    }
  });

  it("that cannot be read or written is not an error", () => {
    mkdirSync(file());
    nothing();
    expect(readdirSync(home)).toEqual(["tuning.json"]);
    vi.stubEnv("FOVEA_HOME", join(home, "file"));
    writeFileSync(join(home, "file"), "no folder");
    nothing();
    vi.stubEnv("FOVEA_HOME", join(home, "file", "deep")); // nobody, root neither, may make it
    nothing();
  });

  it("is not used if the system does not report it", () => {
    vi.spyOn(os, "cpus").mockImplementation(() => {
      throw new Error("refused");
    });
    nothing();
    expect(existsSync(file())).toBe(false);
  });
});

describe("compile()", () => {
  /** So large that there is something to choose. */
  const shape = [2, 112, 112, 3];
  const run = (tune = true): Float32Array => {
    manualSeed(1);
    const model = modelFor("mobilenet_v2");
    const x = wave(shape);
    using own = compile(model, x.shape, { tune });
    return tidy(() => own.run(x).data()) as Float32Array;
  };

  it("takes choices from the file, whatever they are, and gives the same bits", () => {
    const expected = run();
    const text = readFileSync(file(), "utf8");
    expect(text).toContain("conv2d");
    for (const way of [0, 1, 2, 3, 63]) {
      writeFileSync(file(), text.replaceAll(/\]": \d+/g, `]": ${way}`));
      anew();
      expect(run()).toEqual(expected);
    }
  });

  it("neither reads nor writes with tune: false", () => {
    const os_ = vi.spyOn(os, "cpus");
    run(false);
    expect(os_).not.toHaveBeenCalled();
    expect(readdirSync(home)).toEqual([]);
  });

  it("neither reads nor writes where there is nothing to choose", () => {
    const os_ = vi.spyOn(os, "cpus");
    const model = modelFor("lenet5");
    const x = wave([1, 28, 28, 1]);
    expect(compiled(model, x)).toHaveLength(eager(model, x).length);
    expect(os_).not.toHaveBeenCalled();
    expect(readdirSync(home)).toEqual([]);
  });

  it.runIf(isLong)("times nothing in the second process", async () => {
    const program = `
      import { compile, createModel } from "fovea";
      compile(createModel("mobilenet_v2"), [2, 112, 112, 3]);`;
    await runSource(home, program);
    const { ino, mtimeMs } = statSync(file());
    await runSource(home, program);
    expect(statSync(file())).toMatchObject({ ino, mtimeMs }); // what is timed is written
    rmSync(file());
    await runSource(home, program);
    expect(existsSync(file())).toBe(true);
  });
});
