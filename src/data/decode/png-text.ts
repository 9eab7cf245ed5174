// Metadata in PNG's texts (PNG §11.3.3): ImageMagick keeps EXIF there as hexadecimal digits, and Adobe's programs XMP.

import { Unzlib } from "../../vendor/fflate.js";
import { joined } from "./bytes.js";
import type { Metadata } from "./exif.js";

const EXIF = "Raw profile type exif";
const XMP = "XML:com.adobe.xmp";
/** Longer texts are ignored: Pillow's MAX_TEXT_CHUNK. */
const MOST_BYTES = 2 ** 20;
const SLICE = 2 ** 10;

const latin = new TextDecoder("latin1");

/** A chunk of text with metadata, not yet read. */
interface Text {
  readonly type: string;
  readonly rest: Uint8Array;
}

/** Texts by their keywords. Of several, only the last counts and is unpacked. */
export type Texts = Map<string, Text>;

/** Keeps a chunk if it is such a text. */
export function keepText(type: string, data: Uint8Array, texts: Texts): void {
  if (type !== "tEXt" && type !== "zTXt" && type !== "iTXt") return;
  const end = data.subarray(0, 80).indexOf(0); // a keyword has at most 79 letters
  if (end < 0) return;
  const keyword = latin.decode(data.subarray(0, end));
  if (keyword === EXIF || keyword === XMP) texts.set(keyword, { type, rest: data.subarray(end + 1) });
}

/** The metadata of chunk eXIf and the texts. eXIf, wherever it is, takes precedence over EXIF in a text. */
export function metadataOf(exif: Uint8Array | undefined, texts: Texts): Metadata {
  const text = (keyword: string): string | undefined => {
    const kept = texts.get(keyword);
    return kept && textOf(kept.type, kept.rest);
  };
  return { exif: exif ?? fromHex(text(EXIF)?.split("\n").slice(3).join("") ?? ""), xmp: text(XMP) };
}

/** The text after the keyword; undefined if it is too long or damaged. */
function textOf(type: string, rest: Uint8Array): string | undefined {
  if (type === "tEXt") return rest.length > MOST_BYTES ? undefined : latin.decode(rest);
  let packed = true;
  let at = 1;
  if (type === "iTXt") {
    packed = rest[0] === 1;
    at = 2;
    for (let zeros = 0; zeros < 2; zeros++) at = rest.indexOf(0, at) + 1 || rest.length; // language, translated keyword
  }
  const bytes = packed ? inflated(rest.subarray(at)) : rest.subarray(at);
  if (bytes === undefined || bytes.length > MOST_BYTES) return undefined;
  return (type === "iTXt" ? new TextDecoder() : latin).decode(bytes);
}

function inflated(packed: Uint8Array): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  let size = 0;
  const stream = new Unzlib((part) => {
    parts.push(part);
    size += part.length;
  });
  try {
    for (let at = 0; at < packed.length; at += SLICE) {
      stream.push(packed.subarray(at, at + SLICE), at + SLICE >= packed.length);
      if (size > MOST_BYTES) return undefined;
    }
  } catch {
    return undefined;
  }
  return joined(parts);
}

/** Bytes of hexadecimal digits, two each; undefined if there are other characters. */
function fromHex(digits: string): Uint8Array | undefined {
  const text = digits.replace(/\s/g, "");
  if (text.length % 2 || /[^0-9a-f]/i.test(text)) return undefined;
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}
