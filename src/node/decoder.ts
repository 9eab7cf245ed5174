// Other JPEG decoders than fovea's own, if one is installed. fovea depends on none of them.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  decoderName,
  dropAlpha,
  jpegJsDecoder,
  setDecoder,
  type RawImage,
  type ImageDecoder,
  type ImageFormat,
} from "../data/index.js";
import { DataError, reason, short } from "../errors.js";

/**
 * "fovea": its own kernels, the same pixels as Pillow's. "jpeg-js": built in too, slower and up to 3 levels off. "sharp": libvips, native
 * code (https://sharp.pixelplumbing.com). "jsquash": MozJPEG in WebAssembly (https://github.com/jamsinclair/jSquash). "auto": sharp if it is
 * installed, otherwise fovea.
 */
export type DecoderChoice = "auto" | InstalledDecoder;
/** One of decoderNames. @useDeclaredType */
export type InstalledDecoder = (typeof decoderNames)[number];

/** Decoders of JPEG files, if installed; see DecoderChoice. */
export const decoderNames = ["fovea", "jpeg-js", "sharp", "jsquash"] as const;

let chosen: InstalledDecoder = "fovea";

/** The decoder set by useDecoder(); worker threads use the same. */
export function decoderChoice(): InstalledDecoder {
  return chosen;
}

const require = createRequire(import.meta.url);

/** Path of a file in a package that is installed beside fovea or where the program runs. */
const find = (name: string): string =>
  require.resolve(name, { paths: [fileURLToPath(new URL(".", import.meta.url)), process.cwd()] });

const load = async (name: string): Promise<Record<string, unknown>> =>
  (await import(pathToFileURL(find(name)).href)) as Record<string, unknown>;

interface Sharp {
  (bytes: Uint8Array, options: object): SharpPipeline;
  versions: { sharp?: string };
  /** Formats that this build reads: the one from npm reads only AVIF of the HEIF family. */
  format: Record<string, { input: { buffer: boolean; fileSuffix?: readonly string[] } } | undefined>;
}
interface SharpPipeline {
  toColourspace(name: string): SharpPipeline;
  removeAlpha(): SharpPipeline;
  raw(): { toBuffer(options: { resolveWithObject: true }): Promise<SharpResult> };
}
interface SharpResult {
  data: Uint8Array;
  info: { width: number; height: number; channels: number };
}

/** The formats that a build of sharp reads, except for those that are equal to Pillow's without it. */
function sharpFormats({ format }: Sharp): ImageFormat[] {
  const names = {
    jpeg: "jpeg",
    webp: "webp",
    gif: "gif",
    tiff: "tiff",
    heif: "avif",
    jxl: "jxl",
    jp2: "jp2",
  } as const;
  const own = (Object.keys(names) as (keyof typeof names)[])
    .filter((name) => format[name]?.input.buffer)
    .map((name): ImageFormat => names[name]);
  return format["heif"]?.input.fileSuffix?.includes(".heic") ? [...own, "heic"] : own;
}

async function sharpDecoder(): Promise<ImageDecoder> {
  const sharp = (await load("sharp")).default as Sharp;
  return {
    name: `sharp ${sharp.versions.sharp ?? ""}`.trim(),
    formats: sharpFormats(sharp),
    async decode(bytes, { maxPixels }): Promise<RawImage> {
      // As in Pillow, a damaged file is an error, and colour profiles are ignored.
      const options = {
        failOn: "truncated",
        ignoreIcc: true,
        limitInputPixels: maxPixels,
        sequentialRead: true,
      };
      const pipeline = sharp(bytes, options).toColourspace("srgb").removeAlpha().raw();
      const { data, info } = await pipeline.toBuffer({ resolveWithObject: true });
      return { data, ...info };
    },
  };
}

type JsquashDecode = (buffer: ArrayBuffer, options: object) => Promise<ImageData>;
type JsquashInit = (module: WebAssembly.Module) => Promise<void>;

/** The class of MozJPEG's result, which Node lacks. */
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

async function jsquashDecoder(): Promise<ImageDecoder> {
  const { default: decode, init } = await load("@jsquash/jpeg/decode.js");
  // It would load itself by fetch() of a file, which Node does not support.
  const binary = readFileSync(find("@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm"));
  await (init as JsquashInit)(await WebAssembly.compile(binary));
  const { version } = JSON.parse(readFileSync(find("@jsquash/jpeg/package.json"), "utf8")) as {
    version: string;
  };
  const globals = globalThis as { ImageData?: unknown };
  globals.ImageData ??= Pixels;
  return {
    name: `@jsquash/jpeg ${version}`,
    formats: ["jpeg"],
    async decode(bytes): Promise<RawImage> {
      const options = { preserveOrientation: false };
      const { data, width, height } = await (decode as JsquashDecode)(Uint8Array.from(bytes).buffer, options);
      return { data: dropAlpha(data), width, height, channels: 3 };
    },
  };
}

const LOADERS: Record<InstalledDecoder, () => ImageDecoder | undefined | Promise<ImageDecoder>> = {
  fovea: () => undefined,
  "jpeg-js": jpegJsDecoder,
  sharp: sharpDecoder,
  jsquash: jsquashDecoder,
};

/**
 * Decodes JPEG by this decoder from now on, here and in worker threads that open a dataset made here. Returns its name.
 * @throws DataError if it is not installed
 */
export async function useDecoder(choice: DecoderChoice): Promise<string> {
  const wanted = choice === "auto" ? (["sharp", "fovea"] as const) : [choice];
  for (const name of wanted) {
    if (name === chosen) return decoderName();
    if (!Object.hasOwn(LOADERS, name)) {
      throw new DataError(
        `useDecoder: unknown decoder '${short(name)}'; known: auto, fovea, jpeg-js, jsquash, sharp`,
      );
    }
    try {
      setDecoder(await LOADERS[name]());
      chosen = name;
      return decoderName();
    } catch (error) {
      if (choice === "auto") continue;
      const install = name === "sharp" ? "sharp" : "@jsquash/jpeg";
      throw new DataError(`useDecoder: cannot load ${install}: ${reason(error)}; npm install ${install}`);
    }
  }
  return decoderName();
}
