// Huffman tables (ITU-T T.81, annex C and F.2.2.3), made so that one look-up gives a short code together with the number after it.
//
// A table is i32 [2^LOOK] entries by the next bits, i32 [18] the largest code of each length (in 17: more than any), i32 [18] what to
// add to a code to have its place among the symbols, u8 [256] the symbols. An entry is 0 for codes longer than LOOK, otherwise
//   bits 0…5    bits to take
//   bit 6       whether the number is in the entry
//   bits 8…15   the symbol: run and size of the number
//   bits 16…31  the number

import { LOOK } from "./state";

export const WHOLE: i32 = 64;
const LARGEST: i32 = 4 << LOOK;
const OFFSETS: i32 = LARGEST + 4 * 18;
const SYMBOLS: i32 = OFFSETS + 4 * 18;

/** The number whose `size` bits these are (F.2.2.1, EXTEND). */
export function extended(bits: i32, size: i32): i32 {
  return bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits;
}

/** Makes the table of a segment's 16 counts and the symbols after them; `ac`: whether symbols hold a run. */
export function huffmanTable(definition: usize, ac: i32, table: usize): void {
  memory.fill(table, 0, SYMBOLS + 256);
  let code = 0;
  let place = 0;
  for (let length = 1; length <= 16; length++) {
    const codes = <i32>load<u8>(definition + length - 1);
    store<i32>(table + OFFSETS + 4 * length, place - code);
    for (let i = 0; i < codes; i++) {
      const symbol = <i32>load<u8>(definition + 16 + place);
      store<u8>(table + SYMBOLS + place, <u8>symbol);
      if (length <= LOOK) fill(table, code << (LOOK - length), length, symbol, ac);
      code++;
      place++;
    }
    store<i32>(table + LARGEST + 4 * length, codes > 0 ? code - 1 : -1);
    code <<= 1;
  }
  store<i32>(table + LARGEST + 4 * 17, i32.MAX_VALUE);
}

/** The entries of a code: those that begin with it. */
function fill(table: usize, first: i32, length: i32, symbol: i32, ac: i32): void {
  const rest = LOOK - length;
  const size = ac ? symbol & 15 : symbol;
  const whole = size <= rest && (size > 0 || !ac);
  for (let i = 0; i < 1 << rest; i++) {
    let entry = (symbol << 8) | length;
    if (whole) {
      const number = size > 0 ? extended(i >> (rest - size), size) : 0;
      entry = (number << 16) | (symbol << 8) | WHOLE | (length + size);
    }
    store<i32>(table + 4 * (first + i), entry);
  }
}

/** An entry for the code at the start of `buffer`, which is longer than LOOK. No such code: symbol 0, as in libjpeg. */
export function longCode(table: usize, buffer: u64): i32 {
  let length = LOOK + 1;
  while (length < 17 && <i32>(buffer >> (64 - length)) > load<i32>(table + LARGEST + 4 * length)) length++;
  if (length > 16) return 17;
  const place = <i32>(buffer >> (64 - length)) + load<i32>(table + OFFSETS + 4 * length);
  return ((<i32>load<u8>(table + SYMBOLS + (place & 255))) << 8) | length;
}
