// A line of text that shows progress: on a terminal it rewrites itself and fits the width, elsewhere a plain line is printed
// now and then.

import { stripVTControlCharacters } from "node:util";
import { environmentVariable } from "../wasm/host.js";

/** The required parts of a stream; process.stderr is one. */
export interface StatusStream {
  /** Whether it is a terminal, where lines may replace each other. */
  readonly isTTY?: boolean | undefined;
  /** Width of the terminal in characters. */
  readonly columns?: number | undefined;
  /** Writes a text. */
  write(text: string): unknown;
  /** Listens for errors of writing, which are then ignored. */
  on?(event: "error", listener: () => void): unknown;
}

const heeded = new WeakSet<StatusStream>();

/** Milliseconds between lines: on a terminal, and where each line stays. */
const PAUSE = { terminal: 100, log: 10_000 };
/** Default width of a terminal. */
const COLUMNS = 80;
const WIPE = "\r\x1b[K";

/** Whether a letter may be wide: East Asian ones are, dashes and dots are not. */
const isWide = (code: number): boolean => code >= 0x1100 && !(code >= 0x2000 && code < 0x2100);

/** An upper bound of a text's columns: letters that may be wide count as two. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += isWide(character.codePointAt(0)!) ? 2 : 1;
  return columns;
}

/** The beginning of a text that fits, without control characters. */
export function cut(text: string, width: number): string {
  const plain = stripVTControlCharacters(text).replace(/[\u0000-\u001f\u007f-\u009f]/g, "\ufffd");
  if (columnsOf(plain) <= width) return plain;
  let kept = "";
  let columns = 0;
  for (const character of plain) {
    columns += columnsOf(character);
    if (columns > width - 1) break;
    kept += character;
  }
  return width > 0 ? `${kept}…` : "";
}

/** A part of a line, shown only if parts of a higher rank leave room. */
export interface Piece {
  readonly text: string;
  readonly rank: number;
  /** Separator before it. Default: two spaces. */
  readonly gap?: string;
}

/** The pieces that fit, in their order, chosen by rank; the first of the highest rank is always shown, cut if necessary. */
export function fitted(pieces: readonly Piece[], width: number): string {
  const gapOf = ({ gap = "  " }: Piece): string => gap;
  const chosen = new Set<Piece>();
  let left = width;
  for (const piece of [...pieces].sort((a, b) => b.rank - a.rank)) {
    const columns = columnsOf(piece.text) + (chosen.size === 0 ? 0 : gapOf(piece).length);
    if (chosen.size > 0 && columns > left) continue;
    chosen.add(piece);
    left -= columns;
  }
  const line = pieces.filter((piece) => chosen.has(piece)).map((p, i) => (i ? gapOf(p) : "") + p.text);
  return cut(line.join(""), width);
}

export class StatusLine {
  readonly #out: StatusStream;
  /** Whether lines replace each other. */
  readonly #rewrites: boolean;
  #last: number;
  #shown = false;

  constructor(out: StatusStream = process.stderr) {
    this.#out = out;
    if (!heeded.has(out)) out.on?.("error", () => {}); // a closed stream is no reason to end the work
    heeded.add(out);
    this.#rewrites = out.isTTY === true && environmentVariable("TERM") !== "dumb";
    this.#last = this.#rewrites ? -Infinity : performance.now(); // elsewhere the first line comes after a pause
  }

  /** Most columns of a line: one less than the terminal's, since some wrap in the last; unlimited elsewhere. */
  get width(): number {
    return this.#rewrites ? Math.max(1, (this.#out.columns || COLUMNS) - 1) : Infinity;
  }

  /** Shows a line, made for the width, unless the last one is too recent. `last`: no line follows. */
  show(line: (width: number) => string, last = false): void {
    const now = performance.now();
    const fresh = now - this.#last < (this.#rewrites ? PAUSE.terminal : PAUSE.log);
    if (fresh && !(last && this.#rewrites)) return;
    this.#last = now;
    const text = cut(line(this.width), this.width);
    this.#out.write(this.#rewrites ? `${WIPE}${text}` : `${text}\n`);
    this.#shown = this.#rewrites;
  }

  /** Removes the line, where lines replace each other. */
  clear(): void {
    if (this.#shown) this.#out.write(WIPE);
    this.#shown = false;
  }

  /** A line that stays, instead of the one shown. */
  print(line: (width: number) => string): void {
    this.clear();
    this.#out.write(`${line(this.width)}\n`);
  }
}

/** "[=====     ]", of this many columns. */
export function bar(share: number, columns: number): string {
  const inner = columns - 2;
  return `[${"=".repeat(Math.round(Math.min(Math.max(share, 0), 1) * inner)).padEnd(inner)}]`;
}

/** Most and least columns of a bar. */
const BAR = { most: 22, least: 8 };

/** A bar between a beginning and the pieces that follow, if there is room for one. */
export function barLine(begin: string, share: number, pieces: readonly Piece[], width: number): string {
  const percent = `${String(Math.floor(share * 100)).padStart(3)} %`;
  const room = Math.max(0, width - columnsOf(`${begin} ${percent}`));
  const rest = fitted([{ text: "", rank: Infinity }, ...pieces], room);
  const columns = Math.min(BAR.most, room - columnsOf(rest) - 1);
  return `${begin}${columns >= BAR.least ? ` ${bar(share, columns)}` : ""} ${percent}${rest}`;
}

/** 75 s as "1:15", 3,675 s as "1:01:15". */
export function clock(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(s / 3600), Math.floor(s / 60) % 60, s % 60];
  const [h, m, rest] = parts as [number, number, number];
  const two = (n: number): string => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(rest)}` : `${m}:${two(rest)}`;
}

/** 12,345 */
export const count = (n: number): string => Math.round(n).toLocaleString("en");

/** Reports a count on stderr: pass it the number so far; `end` removes the line. */
export class Counter {
  readonly #line: StatusLine;
  readonly #verb: string;
  readonly #total: number;
  readonly #begin = performance.now();

  /** `verb`: "evaluated", as in "evaluated 1,200 of 10,000". */
  constructor(verb: string, total: number, out: StatusStream = process.stderr) {
    this.#line = new StatusLine(out);
    this.#verb = verb;
    this.#total = total;
  }

  readonly at = (done: number): void => {
    const share = this.#total > 0 ? done / this.#total : 1;
    const seconds = (performance.now() - this.#begin) / 1000;
    const pieces: Piece[] = [
      { text: `${count(done)} of ${count(this.#total)} images`, rank: 3 },
      { text: `${count(done / seconds)} images/s`, rank: 1 },
      { text: `ETA ${clock((seconds / done) * (this.#total - done))}`, rank: 2 },
    ];
    if (done > 0) this.#line.show((width) => barLine(this.#verb, share, pieces, width));
  };

  end(): void {
    this.#line.clear();
  }
}
