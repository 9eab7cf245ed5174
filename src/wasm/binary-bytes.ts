// The kernels that travel inside this package: one binary, deflated, as text.

import { inflateSync } from "../vendor/fflate.js";
import { kernels } from "./binaries.js";
import type { Binary } from "./brought.js";
import { builtin } from "./host.js";
import { plainSimd } from "./plain-simd.js";

interface NodeZlib {
  inflateRawSync(bytes: Uint8Array): Uint8Array;
}

function decode(base64: string): Uint8Array {
  const { Buffer } = globalThis; // Parcel looks for a polyfill if this name is used alone
  if (Buffer as typeof Buffer | undefined) return Buffer.from(base64, "base64");
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** The bytes of a binary that travels as base64 of raw deflate. */
export function inflated(base64: string): Uint8Array<ArrayBuffer> {
  const deflated = decode(base64);
  const zlib = builtin<NodeZlib>("node:zlib");
  return Uint8Array.from(zlib ? zlib.inflateRawSync(deflated) : inflateSync(deflated));
}

let relaxed: Uint8Array<ArrayBuffer> | undefined;

/** The bytes of a kernel binary. */
export function binaryBytes(binary: Binary): Uint8Array<ArrayBuffer> {
  relaxed ??= inflated(kernels);
  return binary === "relaxed" ? relaxed : plainSimd(relaxed);
}
