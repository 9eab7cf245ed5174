// Decoders that are found where the program runs: packages that stand for the real ones, as these are not installed here.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { decodeActive } from "../../src/data/decode/index.js";
import { isReadable, type ImageFormat } from "../../src/data/index.js";
import { DataError } from "../../src/errors.js";
import { useDecoder } from "../../src/node/decoder.js";

let root: string;

function put(path: string, content: string | Uint8Array): void {
  const file = join(root, "node_modules", path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

/** A codec of jSquash that returns one pixel, whose red is the file's last byte. */
function putJsquash(name: string, binary: string): void {
  const folder = `@jsquash/${name}`;
  put(`${folder}/package.json`, JSON.stringify({ name: folder, version: "1.2.3", type: "module" }));
  put(`${folder}/codec/dec/${binary}`, Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  put(
    `${folder}/decode.js`,
    `export async function init(module) { if (!(module instanceof WebAssembly.Module)) throw new Error("no module"); }
     export default async (buffer) => {
       const red = new Uint8Array(buffer).at(-1);
       return new ImageData(Uint8ClampedArray.of(red, 20, 30, 255), 1, 1);
     };`,
  );
}

/** heic-decode for pictures of 2×1 pixels. */
function putHeic(): void {
  put(
    "heic-decode/package.json",
    JSON.stringify({ name: "heic-decode", version: "2.0.0", main: "index.js" }),
  );
  put(
    "heic-decode/index.js",
    `module.exports.all = async ({ buffer }) => {
       const image = { width: 2, height: 1, decode: async () => ({ width: 2, height: 1, data: Uint8ClampedArray.of(1, 2, 3, 255, 4, 5, buffer.at(-1), 255) }) };
       return Object.assign([image], { dispose() { globalThis.disposedHeic = (globalThis.disposedHeic ?? 0) + 1; } });
     };`,
  );
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "fovea-decoders-"));
  vi.spyOn(process, "cwd").mockReturnValue(root);
});
afterEach(async () => {
  await useDecoder("fovea");
  vi.restoreAllMocks();
  rmSync(root, { recursive: true });
});

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const webp = bytes("RIFF\x24\0\0\0WEBPVP8 \x07");
const heic = bytes("\0\0\0\x18ftypheic\x09");
const avif = (more: string): Uint8Array => bytes(`\0\0\0\x18ftypavif${more}\x05`);
const readable = (): ImageFormat[] =>
  (["webp", "avif", "heic", "tiff"] as const).filter((format) => isReadable(format));

describe("useDecoder", () => {
  it("takes those of jSquash and heic-decode that are installed", async () => {
    putJsquash("webp", "webp_dec.wasm");
    putHeic();
    expect(await useDecoder("jsquash")).toBe("@jsquash/webp 1.2.3, heic-decode 2.0.0; fovea");
    expect(readable()).toEqual(["webp", "heic"]);
    const one = { width: 1, height: 1, channels: 3, data: Uint8Array.of(7, 20, 30) };
    expect(await decodeActive(webp, { file: "a.webp" })).toEqual(one);
    const two = { width: 2, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 9) };
    expect(await decodeActive(heic, { file: "a.heic" })).toEqual(two);
    await expect(decodeActive(heic, { file: "a.heic", maxPixels: 1 })).rejects.toThrow(
      new DataError(
        "a.heic: cannot be decoded by @jsquash/webp 1.2.3, heic-decode 2.0.0; got 2×1; expected 1 pixels at most",
      ),
    );
    expect((globalThis as { disposedHeic?: number }).disposedHeic).toBe(2);
  });

  it("refuses rotated AVIF, which jSquash would return unrotated", async () => {
    putJsquash("avif", "avif_dec.wasm");
    expect(await useDecoder("jsquash")).toBe("@jsquash/avif 1.2.3; fovea");
    expect((await decodeActive(avif("\0\0\0\x09irot\0"), { file: "a" })).data[0]).toBe(5);
    for (const box of ["\0\0\0\x09irot\x01", "\0\0\0\x09imir\0"]) {
      await expect(decodeActive(avif(box), { file: "a.avif" })).rejects.toThrow(
        "a.avif: cannot be decoded by @jsquash/avif 1.2.3; got a rotated picture",
      );
    }
  });

  it("needs one of them", async () => {
    await expect(useDecoder("jsquash")).rejects.toThrow(
      "useDecoder: cannot load @jsquash/jpeg: Cannot find module",
    );
    expect(readable()).toEqual([]);
    putHeic();
    expect(await useDecoder("jsquash")).toBe("heic-decode 2.0.0; fovea");
    expect(readable()).toEqual(["heic"]);
  });
});
