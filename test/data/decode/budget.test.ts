// What a picture may cost is bounded by the size that it declares and by the length of its file.

import { crc32, deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { decodeImage } from "../../../src/data/decode/index.js";
import { DataError } from "../../../src/errors.js";
import { jpg } from "../../helpers/pictures.js";

function chunk(type: string, data: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length);
  out.write(type, 4, "latin1");
  out.set(data, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

/** A PNG of these filtered rows, in IDAT chunks of at most `each` compressed bytes. */
function png(width: number, height: number, rows: Uint8Array, { depth = 8, each = Infinity } = {}): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header[8] = depth;
  const packed = deflateSync(rows);
  const parts: Buffer[] = [];
  for (let at = 0; at < packed.length; at += each) parts.push(chunk("IDAT", packed.subarray(at, at + each)));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
  return Buffer.concat([signature, chunk("IHDR", header), ...parts, chunk("IEND", new Uint8Array(0))]);
}

const decode = (bytes: Uint8Array) => decodeImage(bytes, { file: "f", channels: 1 });

describe("a PNG", () => {
  it("is inflated no further than a little beyond what it declares", () => {
    const bomb = png(16, 16, new Uint8Array(2 ** 26));
    expect(bomb.length).toBeGreaterThan(60_000);
    const before = process.memoryUsage().arrayBuffers;
    expect(() => decode(bomb)).toThrow(
      new DataError("f: damaged PNG; got more than 66080 bytes of pixels, inflated; expected 272 for 16×16"),
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
  });

  it("may have some bytes more than it declares, as Pillow allows", () => {
    const rows = new Uint8Array(17 * 16 + 1000).fill(7);
    for (let row = 0; row < 16; row++) rows[17 * row] = 0;
    expect(decode(png(16, 16, rows)).data).toEqual(new Uint8Array(256).fill(7));
  });

  it("must have all its rows", () => {
    expect(() => decode(png(16, 16, new Uint8Array(17 * 15)))).toThrow(
      new DataError("f: damaged PNG; got 255 bytes of pixels, inflated; expected 272 for 16×16"),
    );
  });

  it("declares no more than its bytes can hold", () => {
    expect(() => decode(png(9000, 9000, new Uint8Array(10)))).toThrow(
      /^f: damaged PNG; got \d+ bytes of data; expected more for 9000×9000$/,
    );
  });

  it.each([
    [4_000_000, 1, 16],
    [1, 1_000_000, 8],
    [8_000_000, 1, 1],
  ])("of %i×%i pixels and %i bits takes hardly any time", (width, height, depth) => {
    const start = performance.now();
    const rows = new Uint8Array(height * (1 + (width * depth) / 8));
    expect(decode(png(width, height, rows, { depth })).data.length).toBe(width * height);
    expect(performance.now() - start).toBeLessThan(5000); // 16 bits took 800 ns a pixel
  });

  it("may be cut into chunks of a byte", () => {
    const rows = Uint8Array.from({ length: 301 * 100 }, (_, i) => (i % 301 === 0 ? 1 : (i * i) % 251));
    const whole = decode(png(300, 100, rows));
    expect(decode(png(300, 100, rows, { each: 1 })).data).toEqual(whole.data);
  });
});

/** A small JPEG that says it is larger, padded by comments, its scan repeated. */
function inflated(width: number, height: number, padding: number, scans = 1): Uint8Array {
  const good = Buffer.from(jpg(16, 8));
  const sof = good.indexOf(Buffer.from([0xff, 0xc0]));
  good.writeUInt16BE(height, sof + 5);
  good.writeUInt16BE(width, sof + 7);
  const sos = good.indexOf(Buffer.from([0xff, 0xda]));
  const comment = Buffer.concat([Buffer.from([0xff, 0xfe, 0xff, 0xff]), Buffer.alloc(65533)]);
  const comments = new Array<Buffer>(Math.ceil(padding / comment.length)).fill(comment);
  const scan = good.subarray(sos, -2);
  return Buffer.concat([good.subarray(0, sos), ...comments, ...new Array<Buffer>(scans).fill(scan), good.subarray(-2)]); // prettier-ignore
}

describe("a JPEG", () => {
  it("declares pixels in proportion to its length, beyond what any may have", () => {
    const start = performance.now();
    expect(() => decode(inflated(9400, 9400, 500_000))).toThrow(
      /^f: JPEG of too much work for its 5\d{5} bytes; got 9400×9400; expected at most 2[56]\d{6} pixels$/,
    );
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it("visits its blocks as often as encoders make it, and a few times more", () => {
    expect(() => decode(inflated(4000, 2000, 200_000, 40))).toThrow(
      "f: JPEG of too much work; got 35 scans or more of 4000×2000; expected 32 over every block at most",
    );
  });
});
