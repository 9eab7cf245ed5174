// Coefficients of a block from its bits: sequential (ITU-T T.81, F.2.2) and progressive (G.1.2, G.2). What is wrong is taken as libjpeg
// takes it (jdhuff.c, jdphuff.c of https://github.com/libjpeg-turbo/libjpeg-turbo): a code that is none is 0, what is past the last place goes there.
//
// The next bits are kept highest first in `buffer`, `count` of them. A refill needs no branch: it joins the 8 bytes at p, of which those
// bits that are already there are the same (F. Giesen, Reading bits in far too many ways, 2018).

import { extended, longCode, WHOLE } from "./huffman";
import { Jpeg, JpegComponent, LOOK } from "./state";

const BUFFER: usize = offsetof<Jpeg>("buffer");

/** The number of the `size` ≥ 1 highest bits. */
function signed(buffer: u64, size: i32): i32 {
  const bits = <i32>(buffer >> (64 - size));
  return bits + ((<i32>(buffer >> 63) - 1) & ((-1 << size) + 1));
}

/** All of a block. */
export function sequentialBlock(s: Jpeg, c: JpegComponent, to: usize): void {
  const state = changetype<usize>(s);
  const places = s.places;
  const ac = c.acTable;
  let buffer = load<u64>(state, BUFFER);
  let count = <u64>s.count;
  let p = s.p;

  buffer |= load<u64>(p - 8) >> count;
  p -= <usize>((63 - count) >> 3);
  count |= 56;
  let entry = load<i32>(c.dcTable + ((<usize>(buffer >> (64 - LOOK))) << 2));
  if (!entry) entry = longCode(c.dcTable, buffer);
  let taken = <u64>(entry & 63);
  buffer <<= taken;
  count -= taken;
  let number = entry >> 16;
  if (!(entry & WHOLE)) {
    const size = (entry >> 8) & 15;
    number = 0;
    if (size) {
      number = inline.always(signed(buffer, size));
      buffer <<= <u64>size;
      count -= <u64>size;
    }
  }
  c.dc += number;
  store<i16>(to, c.dc);

  for (let k = 1; k < 64; k++) {
    buffer |= load<u64>(p - 8) >> count;
    p -= <usize>((63 - count) >> 3);
    count |= 56;
    entry = load<i32>(ac + ((<usize>(buffer >> (64 - LOOK))) << 2));
    if (entry & WHOLE) {
      taken = <u64>(entry & 63);
      buffer <<= taken;
      count -= taken;
      k += (entry >> 12) & 15;
      store<i16>(to + <usize>load<u8>(places + k), entry >> 16);
      continue;
    }
    if (!entry) entry = longCode(ac, buffer);
    taken = <u64>(entry & 63);
    buffer <<= taken;
    count -= taken;
    const run = (entry >> 12) & 15;
    const size = (entry >> 8) & 15;
    if (size) {
      k += run;
      number = inline.always(signed(buffer, size));
      buffer <<= <u64>size;
      count -= <u64>size;
      store<i16>(to + <usize>load<u8>(places + k), number);
    } else {
      if (run != 15) break;
      k += 15;
    }
  }
  store<u64>(state, buffer, BUFFER);
  s.count = <i32>count;
  s.p = p;
}

/** Takes the bits of the next code; its symbol. */
function symbol(s: Jpeg, table: usize): i32 {
  refill(s);
  const buffer = load<u64>(changetype<usize>(s), BUFFER);
  let entry = load<i32>(table + ((<usize>(buffer >> (64 - LOOK))) << 2));
  // The entry's bits may include a number, which is not taken here: its size is the symbol's.
  if (!entry) entry = longCode(table, buffer);
  const found = (entry >> 8) & 255;
  drop(s, entry & WHOLE ? (entry & 63) - (found & 15) : entry & 63);
  return found;
}

/** Has at least 56 bits in the buffer. */
function refill(s: Jpeg): void {
  const state = changetype<usize>(s);
  const count = <u64>s.count;
  const p = s.p;
  store<u64>(state, load<u64>(state, BUFFER) | (load<u64>(p - 8) >> count), BUFFER);
  s.p = p - <usize>((63 - count) >> 3);
  s.count = <i32>(count | 56);
}

/** Takes bits. */
function drop(s: Jpeg, bits: i32): void {
  const state = changetype<usize>(s);
  store<u64>(state, load<u64>(state, BUFFER) << (<u64>bits), BUFFER);
  s.count -= bits;
}

/** The number of the next `size` bits, at most 24 after a code; 0 for none. */
function take(s: Jpeg, size: i32): i32 {
  if (!size) return 0;
  const found = <i32>(load<u64>(changetype<usize>(s), BUFFER) >> (<u64>(64 - size)));
  drop(s, size);
  return found;
}

/** Like take(), as a signed number. */
function takeSigned(s: Jpeg, size: i32): i32 {
  return size ? extended(take(s, size), size) : 0;
}

/** The DC coefficient but for its lowest bits. */
export function dcFirst(s: Jpeg, c: JpegComponent, to: usize): void {
  const size = symbol(s, c.dcTable);
  c.dc += takeSigned(s, size);
  store<i16>(to, c.dc << s.bit);
}

/** The next bit of the DC coefficient. */
export function dcRefine(s: Jpeg, to: usize): void {
  refill(s);
  if (take(s, 1)) store<i16>(to, (<i32>load<i16>(to)) | (1 << s.bit));
}

/** The end of a band for this block and `skip` more. */
function endOfBand(s: Jpeg, run: i32): void {
  s.skip = (1 << run) + take(s, run);
}

/** The coefficients first … last but for their lowest bits. */
export function acFirst(s: Jpeg, c: JpegComponent, to: usize): void {
  if (s.skip > 0) {
    s.skip--;
    return;
  }
  const last = s.last;
  for (let k = s.first; k <= last; k++) {
    const both = symbol(s, c.acTable);
    const run = both >> 4;
    const size = both & 15;
    if (size) {
      k += run;
      store<i16>(to + <usize>load<u8>(s.places + k), takeSigned(s, size) << s.bit);
    } else if (run == 15) {
      k += 15;
    } else {
      endOfBand(s, run);
      s.skip--;
      break;
    }
  }
}

/** Adds the next bit to a coefficient that is not zero, if the scan has one for it. */
function correct(s: Jpeg, place: usize, value: i32): void {
  refill(s);
  if (!take(s, 1)) return;
  const one = 1 << s.bit;
  if (value & one) return;
  store<i16>(place, value >= 0 ? value + one : value - one);
}

/** The next bit of the coefficients first … last, and those that begin with it. */
export function acRefine(s: Jpeg, c: JpegComponent, to: usize): void {
  const last = s.last;
  let k = s.first;
  if (s.skip == 0) {
    for (; k <= last; k++) {
      const both = symbol(s, c.acTable);
      let run = both >> 4;
      let value = 0;
      if (both & 15) {
        if ((both & 15) != 1) s.warnings++;
        value = take(s, 1) ? 1 << s.bit : -1 << s.bit;
      } else if (run != 15) {
        endOfBand(s, run);
        break;
      }
      do {
        const place = to + <usize>load<u8>(s.places + k);
        const found = <i32>load<i16>(place);
        if (found) correct(s, place, found);
        else if (--run < 0) break;
        k++;
      } while (k <= last);
      if (value) store<i16>(to + <usize>load<u8>(s.places + k), value);
    }
  }
  if (s.skip > 0) {
    for (; k <= last; k++) {
      const place = to + <usize>load<u8>(s.places + k);
      const found = <i32>load<i16>(place);
      if (found) correct(s, place, found);
    }
    s.skip--;
  }
}
