// The bits of a scan (ITU-T T.81, B.1.1.5 and F.2.2.5). A segment, which ends at a marker, is copied without its stuffed zeros and backwards,
// from `top` down, so that a plain load gives the next bits with the first one highest; after it come zeros.

import { Jpeg, JpegComponent, component, ZEROS } from "./state";

const RST0: i32 = 0xd0;
const RST7: i32 = 0xd7;
const SOF0: i32 = 0xc0;
/** Stands for whatever ends the scan. */
const EOI: i32 = 0xd9;

/** Prepares the bits up to the next marker. */
function segment(s: Jpeg): void {
  const end = s.end;
  const backwards = i8x16(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  let from = s.from;
  let to = s.top;
  let marker = EOI;
  while (from < end) {
    const bytes = v128.load(from);
    const marks = i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(-1)));
    v128.store(to - 16, i8x16.swizzle(bytes, backwards));
    const length = min(marks ? ctz(marks) : 16, <i32>(end - from));
    from += length;
    to -= length;
    if (!marks || from >= end) continue;
    while (from < end && load<u8>(from) == 0xff) from++;
    const code = from < end ? <i32>load<u8>(from++) : EOI;
    if (code) {
      marker = code;
      break;
    }
    store<u8>(--to, 0xff);
  }
  s.from = from;
  s.marker = marker;
  begin(s, to);
}

/** Sets the reader to the start of the segment that ends at `to`. */
function begin(s: Jpeg, to: usize): void {
  memory.fill(to - ZEROS, 0, ZEROS);
  s.available = 8 * <i32>(s.top - to);
  s.p = s.top;
  s.count = 0;
  s.buffer = 0;
  s.bufferHigh = 0;
}

function forget(s: Jpeg): void {
  for (let i = 0; i < s.componentCount; i++) component(s, i).dc = 0;
  s.skip = 0;
  s.togo = s.interval;
}

/** Starts the scan. */
export function beginBits(s: Jpeg): void {
  s.restart = 0;
  s.exhausted = 0;
  forget(s);
  segment(s);
}

/** The next marker at or after `from`: a number from 1 to 254. */
function nextMarker(s: Jpeg): void {
  let from = s.from;
  let code = 0;
  while (code == 0 && from < s.end) {
    while (from < s.end && load<u8>(from) != 0xff) from++;
    while (from < s.end && load<u8>(from) == 0xff) from++;
    if (from < s.end) code = load<u8>(from++);
  }
  s.from = from;
  s.marker = code ? code : EOI;
}

/**
 * Goes on after the restart that is due. Where another marker is found, decides as libjpeg (jpeg_resync_to_restart in jdmarker.c): one of
 * the next two restarts ends an empty segment, one of the last two is passed over, any other is taken for the one that is due.
 */
export function restartBits(s: Jpeg): void {
  const due = s.restart;
  s.restart = (due + 1) & 7;
  if (s.marker != RST0 + due) s.warnings++;
  for (;;) {
    const marker = s.marker;
    const ahead = (marker - RST0 - due) & 7;
    const isRestart = marker >= RST0 && marker <= RST7;
    if (marker < SOF0 || (isRestart && ahead >= 6)) {
      nextMarker(s);
    } else if (!isRestart || ahead == 1 || ahead == 2) {
      begin(s, s.top); // no bits until the restart that this marker belongs to
      break;
    } else {
      segment(s);
      s.exhausted = 0;
      break;
    }
  }
  forget(s);
}

/** Notes, after a unit, whether it took more bits than there were. */
export function checkBits(s: Jpeg): void {
  if (8 * <i32>(s.top - s.p) - s.count <= s.available) return;
  s.exhausted = 1;
  s.warnings++;
}

/** Bits that are left of the segment. */
export function bitsLeft(state: usize): i32 {
  const s = changetype<Jpeg>(state);
  return s.available + s.count - 8 * <i32>(s.top - s.p);
}
