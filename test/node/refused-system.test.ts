// A system that says nothing of itself, as Deno without --allow-sys.

import { afterEach, expect, it, vi } from "vitest";
import { DataError, init } from "../../src/index.js";
import { environment, foveaHome } from "../../src/node.js";

vi.mock("node:os", async (original) => {
  const refuse = (what: string) => () => {
    throw new Error(`Requires sys access to "${what}", run again with the --allow-sys flag`);
  };
  const names = ["cpus", "homedir", "hostname", "platform", "release", "totalmem"];
  return { ...(await original<object>()), ...Object.fromEntries(names.map((name) => [name, refuse(name)])) };
});

afterEach(() => vi.unstubAllEnvs());

it("is an unknown one in args.json", () => {
  init({ threads: 1 });
  expect(environment()).toMatchObject({
    system: "unknown",
    cpu: "unknown",
    processors: 0,
    memory: 0,
    threads: 1,
  });
});

it("has no home folder, which FOVEA_HOME replaces", () => {
  vi.stubEnv("FOVEA_HOME", "");
  expect(foveaHome).toThrow(
    new DataError(
      "FOVEA_HOME: is not set, and the home folder is not known: " +
        'Requires sys access to "homedir", run again with the --allow-sys flag',
    ),
  );
  vi.stubEnv("FOVEA_HOME", "/elsewhere");
  expect(foveaHome()).toBe("/elsewhere");
});
