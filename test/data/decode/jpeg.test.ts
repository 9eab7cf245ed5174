// The JPEG decoder against Pillow, to the bit (test/golden/jpeg.py), and against itself: parts of a picture are the picture's.

import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { decodeImage } from "../../../src/data/decode/index.js";
import { readJpeg } from "../../../src/data/decode/jpeg-header.js";
import { decodeJpeg } from "../../../src/data/decode/jpeg.js";
import { crop, type Box } from "../../../src/data/transforms/geometry.js";
import { unpack } from "../../../src/node/unpack.js";
import { runtime } from "../../../src/wasm/runtime.js";
import { isLong } from "../../helpers/ring.js";

interface Case {
  name: string;
  crc: number;
  file: string;
}

const golden = JSON.parse(readFileSync(new URL("../../golden/jpeg.json", import.meta.url), "utf8")) as {
  cases: Case[];
  cifar: Record<string, number>;
};
const bytesOf = ({ file }: Case): Uint8Array => Buffer.from(file, "base64");
const stored = (bytes: Uint8Array, file: string) => decodeImage(bytes, { file, exif: "ignore" });

describe("a JPEG", () => {
  it.each(golden.cases)("$name has Pillow's pixels", (c) => {
    expect(crc32(stored(bytesOf(c), c.name).data)).toBe(c.crc);
  });

  it("has the same pixels in any part of it", () => {
    const random = new Random(3);
    for (const c of golden.cases) {
      const info = readJpeg(bytesOf(c), c.name);
      const whole = decodeJpeg(info, c.name);
      for (let i = 0; i < 12; i++) {
        const [left, top] = [random.integer(whole.width), random.integer(whole.height)];
        const width = 1 + random.integer(whole.width - left);
        const box: Box = { top, left, width, height: 1 + random.integer(whole.height - top) };
        const part = decodeJpeg(info, c.name, box);
        expect(part, `${c.name}: ${JSON.stringify(box)}`).toEqual(crop(whole, box));
      }
    }
  });

  it("takes nothing of the heap but for the time of decoding", () => {
    const { bytesInUse, blocks } = runtime().heap.stats();
    for (const c of golden.cases) stored(bytesOf(c), c.name);
    const { bytesInUse: after, blocks: left } = runtime().heap.stats();
    expect([after, left]).toEqual([bytesInUse, blocks]);
  });
});

describe("a JPEG that ends early", () => {
  // A sequential scan of all components: libjpeg wants a few bytes more than it needs, whatever they are.
  const c = golden.cases.find(({ name }) => name.includes("-sample 2x2 ") && name.includes("-optimize"))!;
  const good = bytesOf(c);
  const cut = good.subarray(0, -2);

  it.each([
    ["three zeros", [0, 0, 0]],
    ["other bytes", [1, 2, 3, 4, 5]],
    ["a segment", [0xff, 0xe3, 0, 4, 1, 2]],
  ])("with %s in place of its end is read, as in Pillow", (_, rest) => {
    expect(crc32(stored(Uint8Array.from([...cut, ...rest]), "f").data)).toBe(c.crc);
  });

  it.each([
    ["its end", cut],
    ["half its end", good.subarray(0, -1)],
    [
      "its last bytes, zeros in their place",
      Uint8Array.from([...good.subarray(0, -40), ...new Uint8Array(10)]),
    ],
  ])("without %s is refused, as in Pillow", (_, bytes) => {
    expect(() => stored(bytes, "f")).toThrow(/^f: truncated JPEG; got .*; expected an end marker$/);
  });

  it("that is progressive is refused whatever follows", () => {
    const progressive = bytesOf(golden.cases.find(({ name }) => name.includes("-progressive"))!);
    const bytes = Uint8Array.from([...progressive.subarray(0, -2), ...new Uint8Array(99)]);
    expect(() => stored(bytes, "f")).toThrow("expected an end marker");
  });
});

const data = process.env["FOVEA_DATA"] ?? fileURLToPath(new URL("../../../../shared/data", import.meta.url));
const archive = join(data, "cifar10-jpeg.tar");
if (isLong && !existsSync(archive)) console.warn(`skipped: no ${archive}; set FOVEA_DATA`);

describe.skipIf(!isLong || !existsSync(archive))("CIFAR-10's JPEGs", () => {
  it("have Pillow's pixels", { timeout: 300_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "fovea-"));
    try {
      await unpack(archive, folder);
      for (const [part, crc] of Object.entries(golden.cifar)) {
        const names = (await readdir(join(folder, "cifar10-jpeg", part)))
          .sort()
          .filter((_, i) => i % 50 === 0);
        let found = 0;
        for (const name of names) {
          const bytes = await readFile(join(folder, "cifar10-jpeg", part, name));
          found = crc32(stored(bytes, name).data, found);
        }
        expect([part, found]).toEqual([part, crc]);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
