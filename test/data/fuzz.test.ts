// Files with changed, cut, lengthened and mixed bytes: each is decoded or refused by a DataError that names it, in bounded
// time and memory. The seed is fixed; FOVEA_FUZZ multiplies the count.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { decodeCifar10, decodeCifar100, decodeIdx, decodeImage, tarSamples } from "../../src/data/index.js";
import { DataError } from "../../src/errors.js";
import { idx, jpg, png, tar } from "../helpers/pictures.js";
import { TIMES } from "../helpers/ring.js";

/** Far above what any of these small files takes, on a busy machine too. */
const MOST_MS = 2000;

const golden = JSON.parse(readFileSync(new URL("../golden/pictures.json", import.meta.url), "utf8")) as {
  cases: { name: string; file: string }[];
};
const pictures = (format: string): Uint8Array[] =>
  golden.cases.filter(({ name }) => name.startsWith(format)).map(({ file }) => Buffer.from(file, "base64"));

const FILE = "fuzzed";
const cifar = (row: number): Uint8Array =>
  Uint8Array.from({ length: 2 * row }, (_, i) => (i % row < 2 ? 1 : i & 255));
const shard = tar([
  ["a.jpg", jpg(8, 8)],
  ["a.cls", "1"],
  ["x", "29 path=b/very/long/name.png\n", "x"],
  ["b.png", png(3, 2, [1, 2, 3])],
  ["b/very/long/name.json", '{"label": 2}'],
]);

interface Kind {
  files: Uint8Array[];
  count: number;
  decode: (bytes: Uint8Array) => void;
}

const kinds: Record<string, Kind> = {
  PNG: { files: pictures("png"), count: 1000, decode: (bytes) => decodeImage(bytes, { file: FILE }) },
  JPEG: {
    files: [...pictures("jpeg"), jpg(64, 48)],
    count: 1000,
    decode: (bytes) => decodeImage(bytes, { file: FILE }),
  },
  BMP: { files: pictures("bmp"), count: 600, decode: (bytes) => decodeImage(bytes, { file: FILE }) },
  PNM: { files: pictures("pnm"), count: 300, decode: (bytes) => decodeImage(bytes, { file: FILE }) },
  IDX: {
    files: [idx([3, 2, 2], [...Array(12).keys()]), idx([5], [1, 2, 3, 4, 5])],
    count: 400,
    decode: (bytes) => decodeIdx(bytes, FILE),
  },
  CIFAR: {
    files: [cifar(3073), cifar(3074)],
    count: 300,
    decode: (bytes) => {
      const file = { name: FILE, bytes };
      if (bytes.length % 3073) decodeCifar100(file);
      else decodeCifar10([file]);
    },
  },
  tar: {
    files: [shard],
    count: 600,
    decode: (bytes) => {
      const read = (at: number, n: number): Uint8Array => bytes.subarray(at, at + n);
      for (const { picture } of tarSamples(read, bytes.length, FILE)) {
        decodeImage(read(picture.offset, picture.size), { file: FILE });
      }
    },
  },
};

/** One to three changes: bytes, a cut, a number made large, a piece of another file, a piece twice. */
function mutate(random: Random, files: readonly Uint8Array[]): Uint8Array {
  const pick = (): Uint8Array => files[random.integer(files.length)]!;
  let bytes = Uint8Array.from(pick());
  for (let changes = 1 + random.integer(3); changes > 0; changes--) {
    // Half the time among the first bytes, where headers are.
    const at = random.integer(random.integer(2) ? bytes.length : Math.min(bytes.length, 100));
    switch (random.integer(6)) {
      case 0:
        if (bytes.length) bytes[at] = random.integer(256);
        break;
      case 1:
        if (bytes.length) bytes[at]! ^= 1 << random.integer(8);
        break;
      case 2:
        bytes = bytes.slice(0, at);
        break;
      case 3:
        bytes.fill([0, 0x7f, 0xff][random.integer(3)]!, at, at + 1 + random.integer(4));
        break;
      case 4: {
        const other = pick();
        const from = random.integer(other.length);
        bytes = Uint8Array.from([...bytes.subarray(0, at), ...other.subarray(from)]);
        break;
      }
      default: {
        const piece = bytes.subarray(at, at + random.integer(64));
        bytes = Uint8Array.from([...bytes.subarray(0, at), ...piece, ...bytes.subarray(at)]);
      }
    }
  }
  return bytes;
}

/** CRC of PNG chunks made right, so that what follows the check is tried too. */
function mendCrcs(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 12 + view.getUint32(at);
    if (end > bytes.length) break;
    let crc = -1;
    for (let i = at + 4; i < end - 4; i++) {
      crc ^= bytes[i]!;
      for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    }
    view.setUint32(end - 4, ~crc);
    at = end;
  }
  return bytes;
}

describe("mutated files", () => {
  it.each(Object.entries(kinds))("of kind %s are decoded or refused", (kind, { files, count, decode }) => {
    for (const file of files) decode(file);
    const random = new Random(kind.length * 1000 + 17);
    const outcome = { decoded: 0, refused: 0 };
    let slowest = 0;
    let before = 0;
    for (let i = 0; i < count * TIMES; i++) {
      if (i === Math.floor((count * TIMES) / 4)) before = process.memoryUsage().rss;
      const mutant = mutate(random, files);
      const bytes = kind === "PNG" && i % 2 ? mendCrcs(mutant) : mutant;
      const start = performance.now();
      try {
        decode(bytes);
        outcome.decoded++;
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        expect(error.message).toMatch(/^fuzzed: /);
        outcome.refused++;
      }
      slowest = Math.max(slowest, performance.now() - start);
    }
    expect(slowest).toBeLessThan(MOST_MS);
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 2 ** 20);
    expect(outcome.decoded).toBeGreaterThan(count * 0.02);
    expect(outcome.refused).toBeGreaterThan(count * 0.2);
  });
});
