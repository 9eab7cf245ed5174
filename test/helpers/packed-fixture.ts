// The package as somebody has it who installed it: packed and unpacked before the tests of a file, removed after them.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { installed, pack, type Packed } from "./packed.js";

export interface PackedFixture extends Packed {
  /** The folder of the one who installed it. */
  readonly user: string;
}

/** To be called once in a test file; what it returns is filled before the first test. */
export function packedFixture(): PackedFixture {
  const fixture = {} as PackedFixture;
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "fovea-packed-"));
    const packed = pack(folder);
    Object.assign(fixture, packed, { user: installed(packed.tarball) });
  });
  afterAll(() => {
    for (const each of [folder, fixture.user]) rmSync(each, { recursive: true, force: true });
  });
  return fixture;
}
