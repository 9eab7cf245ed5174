// Damage that shows nowhere but in checksums, tables and headers: Pillow 13 refuses these files, or reads them, as was asked of it.

import { crc32, deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { decodeImage } from "../../../src/data/decode/index.js";
import { readJpeg } from "../../../src/data/decode/jpeg-header.js";
import { decodeByJpegJs } from "../../../src/data/decode/jpeg-js.js";
import { DataError } from "../../../src/errors.js";
import { jpg } from "../../helpers/pictures.js";

const decode = (bytes: Uint8Array): Uint8Array => decodeImage(bytes, { file: "f" }).data;

function refuse(bytes: Uint8Array, message: string): void {
  expect(() => decode(bytes)).toThrow(DataError);
  expect(() => decode(bytes)).toThrow(message);
}

describe("PNG", () => {
  const word = (n: number): number[] => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
  const chunk = (type: string, data: Uint8Array | number[], damage = 0): Buffer => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), Buffer.from(data)]);
    return Buffer.from([...word(data.length), ...body, ...word((crc32(body) ^ damage) >>> 0)]);
  };
  const [width, height] = [5, 4];
  const header = (colorType = 2): Buffer =>
    chunk("IHDR", [...word(width), ...word(height), 8, colorType, 0, 0, 0]);
  const rows = (samples: number): Buffer =>
    Buffer.from(
      Array.from({ length: height }, (_, y) => [
        0,
        ...Array.from({ length: width * samples }, (_, x) => x + 9 * y),
      ]).flat(),
    );
  const packed = deflateSync(rows(3));
  const end = chunk("IEND", []);
  const file = (...chunks: Buffer[]): Buffer =>
    Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), ...chunks]);
  const pixels = chunk("IDAT", packed);
  const want = decode(file(header(), pixels, end));
  const changed = (at: number): Buffer =>
    Buffer.from(packed.map((byte, i) => (i === at ? byte ^ 0x55 : byte)));

  it.each([
    [
      "a row too few",
      file(header(), chunk("IDAT", deflateSync(rows(3).subarray(16))), end),
      "got 48 bytes of pixels, inflated; expected 64",
    ],
    [
      "a byte too few",
      file(header(), chunk("IDAT", deflateSync(rows(3).subarray(1))), end),
      "got 63 bytes of pixels, inflated; expected 64",
    ],
    ["no pixels", file(header(), end), "damaged PNG; got 0 bytes of data"],
    [
      "a wrong Adler-32",
      file(header(), chunk("IDAT", changed(packed.length - 1)), end),
      "got a wrong checksum of the inflated pixels",
    ],
    [
      "chunks between the pixels'",
      file(
        header(),
        chunk("IDAT", packed.subarray(0, 9)),
        chunk("tEXt", []),
        chunk("IDAT", packed.subarray(9)),
        end,
      ),
      "expected IDAT chunks one after the other",
    ],
    [
      "a wrong checksum of a text before the pixels",
      file(header(), chunk("tEXt", [97, 0], 1), pixels, end),
      "got a wrong checksum in tEXt",
    ],
    [
      "a chunk whose name is none",
      file(header(), chunk("a\x01b1", []), pixels, end),
      'got chunk "a\\u0001b1"; expected four letters',
    ],
    [
      "half a gamma",
      file(header(), chunk("gAMA", [0]), pixels, end),
      "truncated PNG; got 1 bytes of chunk gAMA; expected 4",
    ],
    [
      "257 colours",
      file(header(3), chunk("PLTE", new Uint8Array(771)), chunk("IDAT", deflateSync(rows(1))), end),
      "got 257 colours; expected at most 256",
    ],
    [
      "a palette after the pixels",
      file(header(3), chunk("IDAT", deflateSync(rows(1))), chunk("PLTE", new Uint8Array(768)), end),
      "got a palette of 0 bytes",
    ],
  ])("with %s is refused", (_, bytes, message) => refuse(bytes, message));

  it("with damage that gives other pixels is refused, wherever it is", () => {
    const stored = deflateSync(rows(3), { level: 0 }); // the header of a block, then the bytes as they are
    for (let at = 7; at < stored.length - 4; at++) {
      const damaged = Buffer.from(stored.map((byte, i) => (i === at ? byte ^ 1 : byte)));
      refuse(file(header(), chunk("IDAT", damaged), end), "damaged PNG; got ");
    }
  });

  it.each([
    ["a wrong checksum after the pixels", file(header(), pixels, chunk("tEXt", [97, 0], 1), end)],
    [
      "bytes after the stream",
      file(header(), chunk("IDAT", Buffer.concat([packed, Buffer.from("junk")])), end),
    ],
    [
      "a row too many",
      file(header(), chunk("IDAT", deflateSync(Buffer.concat([rows(3), rows(3).subarray(0, 16)]))), end),
    ],
    ["an empty chunk of pixels first", file(header(), chunk("IDAT", []), pixels, end)],
    ["unknown chunks", file(header(), chunk("zzZz", [1]), chunk("ABCD", [2]), pixels, end)],
  ])("with %s is read", (_, bytes) => expect(decode(bytes)).toEqual(want));

  it("with two palettes has the second's colours", () => {
    const palette = (value: number): Buffer => chunk("PLTE", new Uint8Array(768).fill(value));
    const image = decode(file(header(3), palette(7), palette(8), chunk("IDAT", deflateSync(rows(1))), end));
    expect(image).toEqual(new Uint8Array(60).fill(8));
  });
});

describe("JPEG", () => {
  const good = jpg(16, 8);
  const find = (marker: number, from = 0): number =>
    good.findIndex((b, i) => i >= from && b === 0xff && good[i + 1] === marker);
  const [dht, sos] = [find(0xc4), find(0xda)];
  const changed = (at: number, ...values: number[]): Uint8Array => {
    const out = good.slice();
    out.set(values, at);
    return out;
  };

  it.each([
    ["a Huffman table of no number", changed(dht + 4, 0x07), "got Huffman table 7; expected 0…3, 16…19"],
    ["more codes than bytes", changed(dht + 5, 255), "Huffman codes; expected fewer"],
    ["more codes of a bit than there are", changed(dht + 5, 3, good[dht + 6]! - 3 + 256), "Huffman codes"],
    ["codes that end too early", changed(dht + 7, good[dht + 7]! - 1), "Huffman"],
    ["a scan header of another length", changed(sos + 3, good[sos + 3]! + 1), "got a scan header of"],
    ["a scan of no components", changed(sos + 4, 0), "got a scan header of"],
    [
      "a component that the frame has not",
      changed(sos + 7, 77),
      "got component 77 in a scan; expected the frame's, each once",
    ],
    ["a component twice", changed(sos + 7, good[sos + 5]!), "in a scan; expected the frame's, each once"],
    [
      "a Huffman table that cannot be",
      changed(sos + 6, 0x40),
      "got a scan with Huffman table 4; expected 0…3",
    ],
  ])("with %s is refused", (_, bytes, message) => refuse(bytes, message));

  it("with codes of ones alone, or too many of a length, is refused when a scan uses them", () => {
    const counts = good.slice(dht + 5, dht + 21);
    const total = counts.reduce((sum, n) => sum + n, 0);
    for (const own of [
      [2, total - 2],
      [0, 0, 9, total - 9],
    ]) {
      const table = new Uint8Array(16);
      table.set(own);
      refuse(changed(dht + 5, ...table), "bits than there are");
    }
  });

  it("whose DC differences have a category beyond 15 is refused", () => {
    refuse(changed(dht + 21, 16), "got category 16 of a DC difference; expected at most 15");
  });

  const [dqt, sof] = [find(0xdb), find(0xc0)];
  const put = (at: number, ...bytes: number[]): Uint8Array =>
    Uint8Array.from([...good.subarray(0, at), ...bytes, ...good.subarray(at)]);
  const adobe = (...rest: number[]): number[] => [0xff, 0xee, 0, 14, ...Buffer.from("Adobe"), ...rest];

  it.each([
    ["letters between two segments", put(dqt, ...Buffer.from("junk"))],
    ["zeros before the scan", put(sos, 0, 0)],
    ["an escaped 255 between two segments", put(sof, 0xff, 0)],
    ["a restart before the scan", put(sos, 0xff, 0xd0)],
    ["fill bytes at the beginning", put(2, 0xff, 0xff, 0xff)],
    ["a segment that is shorter than its length", put(dqt, 0xff, 0xe2, 0, 1)],
    ["Adobe's segment cut off and something after it", put(dqt, 0xff, 0xee, 0, 9, ...Buffer.from("Adobe12xyz"))],
    ["Adobe's segment after its scan", put(good.length - 2, ...adobe(0, 100, 0, 0, 0, 0, 0))],
    ["another quantisation table after its scan", put(good.length - 2, 0xff, 0xdb, 0, 67, 0, ...new Uint8Array(64).fill(99))],
    ["another Huffman table after its scan", put(good.length - 2, 0xff, 0xc4, 0, 20, 0, 1, ...new Uint8Array(15), 3)],
    ["data after its end", put(good.length, 0, 1, 2, 0xff, 0xd9)],
  ])("with %s is read", (_, bytes) => expect(decode(bytes)).toEqual(decode(good))); // prettier-ignore

  it.each([
    ["a quantisation table that is cut", put(dqt, 0xff, 0xdb, 0, 5, 0, 1, 2), "got quantisation table 0 of 2 bytes"],
    ["no quantisation table in time", changed(sof + 12, 3), "got no quantisation table 3 before it is used"],
    ["sampling factors 3 and 2", changed(sof + 11, 0x31, 0, 2, 0x21), "JPEG of sampling factors 3×1, 2×1, 1×1"],
    ["a restart interval of a byte", put(sos, 0xff, 0xdd, 0, 3, 1), "got a restart interval of 1 bytes"],
  ])("with %s is refused", (_, bytes, message) => refuse(bytes, message)); // prettier-ignore
});

describe("a JPEG whose components have separate scans", () => {
  /** Two components of one block each, 2×2 and 1×1 of them; DC differences of two bits, all in one byte. */
  const file = (interval: number, between: readonly number[], height = 8): Uint8Array =>
    Uint8Array.from([
      ...[0xff, 0xd8, 0xff, 0xdb, 0, 67, 0, ...new Uint8Array(64).fill(8)],
      ...[0xff, 0xc0, 0, 17, 8, 0, height, 0, 8, 3, 1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0],
      ...[0xff, 0xc4, 0, 21, 0, 0, 2, ...new Uint8Array(14), 0, 3], // categories 0 and 3: 00, 01
      ...[0xff, 0xc4, 0, 20, 0x10, 1, ...new Uint8Array(15), 0], // end of block: 0
      ...[0xff, 0xdd, 0, 4, 0, interval],
      ...[1, 2, 3].flatMap((id) => [0xff, 0xda, 0, 8, 1, id, 0, 0, 63, 0, 0b01111011, ...between]),
      ...[0xff, 0xd9],
    ]);
  const table = [0xff, 0xdb, 0, 67, 0, ...new Uint8Array(64).fill(80)];

  it("has each component's table as it was when its scan began", () => {
    // Y: 7 × 8 / 8 + 128; the others with the second table: 7 × 80 / 8 + 128.
    const [y, c] = [135, 198];
    const image = decode(file(0, table));
    const red = y + ((Math.round(1.402 * 65536) * (c - 128) + 32768) >> 16);
    expect([image[0], image.every((v, i) => v === image[i % 3])]).toEqual([red, true]);
  });

  it("is read where its restarts come after its last block, and refused by jpeg-js where it would read on", () => {
    expect(decode(file(4, []))).toEqual(decode(file(0, [])));
    const bytes = file(2, [], 24);
    expect(decode(bytes).length).toBe(8 * 24 * 3);
    expect(() => decodeByJpegJs(readJpeg(bytes, "f"), "f")).toThrow(
      new DataError("f: JPEG of restarts that jpeg-js cannot read: every 2 of 3 blocks; expected a part"),
    );
  });
});
