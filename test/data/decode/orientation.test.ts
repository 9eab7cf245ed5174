// Orientation in every form in which Pillow's ImageOps.exif_transpose takes it; test/golden/orientation.py asked Pillow.

import { readFileSync } from "node:fs";
import { crc32, deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { imageInfo } from "../../../src/data/decode/index.js";
import { jpg, png } from "../../helpers/pictures.js";

interface Row {
  name: string;
  format: "jpeg" | "png";
  /** JPEG: segments after SOI; PNG: chunks after IHDR. Type and data, in hexadecimal digits. */
  parts: [type: string, data: string][];
  orientation: number;
}

const { rows } = JSON.parse(
  readFileSync(new URL("../../golden/orientation.json", import.meta.url), "utf8"),
) as { rows: Row[] };

function segment(marker: string, data: Buffer): Buffer {
  const head = Buffer.from([0xff, parseInt(marker, 16), 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([head, data]);
}

function chunk(type: string, data: Buffer): Buffer {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length);
  out.write(type, 4, "latin1");
  out.set(data, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

/** The picture with these parts put in. */
function picture({ format, parts }: Row): Buffer {
  const [good, at, make] =
    format === "jpeg" ? ([jpg(16, 8), 2, segment] as const) : ([png(4, 3, [1, 2, 3]), 33, chunk] as const);
  const added = parts.map(([type, data]) => make(type, Buffer.from(data, "hex")));
  return Buffer.concat([good.subarray(0, at), ...added, good.subarray(at)]);
}

describe("orientation is Pillow's:", () => {
  it.each(rows.map((row) => [row.name, row] as const))("%s", (_, row) => {
    expect(imageInfo(picture(row), "f").orientation).toBe(row.orientation);
  });
});

it("a text that inflates to more than a megabyte is passed over", () => {
  const text = Buffer.concat([Buffer.from("XML:com.adobe.xmp\0\0"), deflateSync(Buffer.alloc(2 ** 23))]);
  const row: Row = { name: "", format: "png", parts: [["zTXt", text.toString("hex")]], orientation: 1 };
  expect(imageInfo(picture(row), "f").orientation).toBe(1);
});
