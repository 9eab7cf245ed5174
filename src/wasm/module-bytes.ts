// Reads the bytes of a WebAssembly module: https://webassembly.github.io/spec/core/binary/

import { WasmError } from "../errors.js";

/** Numbers of sections. */
export const SECTION = { TYPE: 1, IMPORT: 2, FUNCTION: 3, CODE: 10 } as const;

const HEADER = 8; // the magic number and the version

/** A position in a module's bytes that advances as they are read. */
export class ModuleReader {
  readonly bytes: Uint8Array<ArrayBuffer>;
  at = HEADER;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes;
  }

  byte(): number {
    return this.bytes[this.at++]!;
  }

  /** An unsigned LEB128 number; for a signed one only the length is right, not the value. */
  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  }

  /** Skips a name, or any bytes preceded by their length. */
  skipBytes(): void {
    const length = this.number();
    this.at += length;
  }

  /** Moves to the first byte of this section's content; returns the position of its size. @throws WasmError if there is none */
  enter(section: number): number {
    this.at = HEADER;
    while (this.at < this.bytes.length) {
      const id = this.byte();
      const place = this.at;
      const size = this.number();
      if (id === section) return place;
      this.at += size;
    }
    throw new WasmError(`init: the kernels have no section ${section}`);
  }
}

/** The number as LEB128. */
export function leb128(value: number): number[] {
  const bytes = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return [...bytes, value];
}
