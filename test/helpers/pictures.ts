// Small files for tests of datasets.

import { encode as encodePng } from "fast-png";
import jpeg from "jpeg-js";

/** A PNG of one colour. */
export function png(width: number, height: number, [r, g, b]: readonly [number, number, number]): Uint8Array {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => [r, g, b][i % 3]!);
  return encodePng({ width, height, data, channels: 3, depth: 8 });
}

/** A JPEG with a gradient. */
export function jpg(width: number, height: number, quality = 80): Uint8Array {
  const data = Uint8Array.from({ length: width * height * 4 }, (_, i) => (i * 7) & 255);
  return Uint8Array.from(jpeg.encode({ width, height, data }, quality).data);
}

/** A tar archive (ustar) of these files; type "0" is a regular file. */
export function tar(
  files: readonly (readonly [name: string, data: Uint8Array | string, type?: string])[],
): Uint8Array {
  const blocks = files.flatMap(([name, data, type = "0"]) => {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    const header = new Uint8Array(512);
    const put = (at: number, text: string): void => header.set(new TextEncoder().encode(text), at);
    put(0, name);
    put(100, "0000644\0");
    put(124, `${bytes.length.toString(8).padStart(11, "0")}\0`);
    put(148, "        ");
    put(156, type);
    put(257, "ustar\x0000");
    if (type === "2") put(157, "/etc/passwd");
    put(
      148,
      `${header
        .reduce((a, b) => a + b, 0)
        .toString(8)
        .padStart(6, "0")}\0 `,
    );
    const padded = new Uint8Array(Math.ceil(bytes.length / 512) * 512);
    padded.set(bytes);
    return [header, padded];
  });
  return Uint8Array.from(Buffer.concat([...blocks, new Uint8Array(1024)]));
}

/** An IDX file of bytes. */
export function idx(shape: readonly number[], data: ArrayLike<number>): Uint8Array {
  const sizes = shape.flatMap((n) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]);
  return Uint8Array.from([0, 0, 8, shape.length, ...sizes, ...Array.from(data)]);
}
