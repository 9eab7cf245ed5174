// Decoders in WebAssembly, if they are installed: JPEG, WebP and AVIF of jSquash (https://github.com/jamsinclair/jSquash), HEIC of
// heic-decode (https://github.com/catdad-experiments/heic-decode).

import { readFileSync } from "node:fs";
import { dropAlpha, type ImageDecoder, type ImageFormat, type RawImage } from "../data/index.js";
import { findInstalled, isInstalled, loadInstalled } from "./installed.js";

type Decode = (buffer: ArrayBuffer, options: object) => Promise<ImageData>;
type Init = (module: WebAssembly.Module) => Promise<void>;

/** The class of the results, which Node lacks. */
class Pixels {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;

  constructor(data: Uint8ClampedArray, width: number, height: number) {
    this.data = data;
    this.width = width;
    this.height = height;
  }
}

const CODECS = {
  jpeg: { format: "jpeg", binary: "codec/dec/mozjpeg_dec.wasm" },
  webp: { format: "webp", binary: "codec/dec/webp_dec.wasm" },
  avif: { format: "avif", binary: "codec/dec/avif_dec.wasm" },
} as const satisfies Record<string, { format: ImageFormat; binary: string }>;

const versionOf = (name: string): string =>
  (JSON.parse(readFileSync(findInstalled(`${name}/package.json`), "utf8")) as { version: string }).version;

const rgbOf = ({ data, width, height }: Pick<ImageData, "data" | "width" | "height">): RawImage => ({
  data: dropAlpha(data),
  width,
  height,
  channels: 3,
});

function checkPixels({ width, height }: { width: number; height: number }, most: number): void {
  if (width * height > most) throw new Error(`got ${width}×${height}; expected ${most} pixels at most`);
}

/** Bytes of an AVIF file in which its properties are looked for. */
const PROPERTIES = 2 ** 16;

/** jSquash decodes AVIF without its rotation (box irot, ISO/IEC 23008-12 §6.5.10) and reflection (imir). @throws Error if a file has one */
function refuseTurned(bytes: Uint8Array): void {
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, PROPERTIES));
  const turned = /\0\0\0\x09irot[\x01-\x03]|\0\0\0\x09imir/.test(text);
  if (turned) throw new Error("got a rotated picture, which it would return unrotated; --decoder sharp rotates it"); // prettier-ignore
}

/** The decoders of jSquash that are installed, and heic-decode. Throws if there is none. */
export async function wasmDecoders(): Promise<ImageDecoder[]> {
  const names = Object.keys(CODECS) as (keyof typeof CODECS)[];
  const there = names.filter((name) => isInstalled(`@jsquash/${name}/decode.js`));
  const heic = await heicDecoder();
  if (there.length + heic.length === 0) findInstalled("@jsquash/jpeg/decode.js"); // which throws
  const own = await Promise.all(
    there.map(async (name): Promise<ImageDecoder> => {
      const { format, binary } = CODECS[name];
      const { default: decode, init } = await loadInstalled(`@jsquash/${name}/decode.js`);
      // It would load itself by fetch() of a file, which Node does not support.
      await (init as Init)(
        await WebAssembly.compile(readFileSync(findInstalled(`@jsquash/${name}/${binary}`))),
      );
      const globals = globalThis as { ImageData?: unknown };
      globals.ImageData ??= Pixels;
      return {
        name: `@jsquash/${name} ${versionOf(`@jsquash/${name}`)}`,
        formats: [format],
        async decode(bytes, { maxPixels }) {
          if (format === "avif") refuseTurned(bytes);
          const options = { preserveOrientation: false };
          const image = await (decode as Decode)(Uint8Array.from(bytes).buffer, options);
          checkPixels(image, maxPixels);
          return rgbOf(image);
        },
      };
    }),
  );
  return [...own, ...heic];
}

interface HeicImage {
  readonly width: number;
  readonly height: number;
  decode(): Promise<Pick<ImageData, "data" | "width" | "height">>;
}
/** The pictures of a file, with a function that frees them. */
type HeicImages = HeicImage[] & { dispose(): void };

/** The decoder of HEIC, if heic-decode is installed. */
export async function heicDecoder(): Promise<ImageDecoder[]> {
  if (!isInstalled("heic-decode")) return [];
  const { default: heic } = (await loadInstalled("heic-decode")) as {
    default: { all(file: { buffer: Uint8Array }): Promise<HeicImages> };
  };
  return [
    {
      name: `heic-decode ${versionOf("heic-decode")}`,
      formats: ["heic"],
      async decode(bytes, { maxPixels }) {
        const images = await heic.all({ buffer: bytes });
        try {
          checkPixels(images[0]!, maxPixels);
          return rgbOf(await images[0]!.decode());
        } finally {
          images.dispose();
        }
      },
    },
  ];
}
