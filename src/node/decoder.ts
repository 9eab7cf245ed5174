// Decoders that are used if they are installed, beside fovea's own: for formats that are not built in. fovea depends on none of
// them.

import {
  decoderName,
  jpegJsDecoder,
  setDecoder,
  type RawImage,
  type ImageDecoder,
  type ImageFormat,
} from "../data/index.js";
import { DataError, reason, short } from "../errors.js";
import { loadInstalled } from "./installed.js";
import { heicDecoder, wasmDecoders } from "./jsquash.js";

/**
 * "fovea": its own kernels, the same pixels as Pillow's. "jpeg-js": built in too, slower and up to 3 levels off. "sharp": libvips, native
 * code (https://sharp.pixelplumbing.com). "jsquash": codecs in WebAssembly, those that are installed of \@jsquash/jpeg, \@jsquash/webp
 * and \@jsquash/avif (https://github.com/jamsinclair/jSquash). These two read HEIC if heic-decode is installed. "auto": sharp if it is
 * installed, otherwise fovea.
 */
export type DecoderChoice = "auto" | InstalledDecoder;
/** One of decoderNames. @useDeclaredType */
export type InstalledDecoder = (typeof decoderNames)[number];

/** Decoders, if installed; see DecoderChoice. */
export const decoderNames = ["fovea", "jpeg-js", "sharp", "jsquash"] as const;

let chosen: InstalledDecoder = "fovea";

/** The decoder set by useDecoder(); worker threads use the same. */
export function decoderChoice(): InstalledDecoder {
  return chosen;
}

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
  const sharp = (await loadInstalled("sharp")).default as Sharp;
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

/** Several decoders as one: the first of them that reads a format decodes it. */
function anyOf(decoders: readonly ImageDecoder[]): ImageDecoder {
  const byFormat = new Map<ImageFormat, ImageDecoder>();
  for (const decoder of decoders) {
    for (const format of decoder.formats) if (!byFormat.has(format)) byFormat.set(format, decoder);
  }
  return {
    name: decoders.map(({ name }) => name).join(", "),
    formats: [...byFormat.keys()],
    decode: (bytes, request) => byFormat.get(request.format)!.decode(bytes, request),
  };
}

const LOADERS: Record<InstalledDecoder, () => ImageDecoder | undefined | Promise<ImageDecoder>> = {
  fovea: () => undefined,
  "jpeg-js": jpegJsDecoder,
  sharp: async () => anyOf([await sharpDecoder(), ...(await heicDecoder())]),
  jsquash: async () => anyOf(await wasmDecoders()),
};

/**
 * Decodes by this decoder what it reads from now on, here and in worker threads that open a dataset made here. Returns its name.
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
