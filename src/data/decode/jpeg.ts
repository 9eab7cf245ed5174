// JPEG as libjpeg-turbo, and so Pillow, decodes it, to the bit: by kernels/jpeg/, in one block of the heap that is freed at the end.

import { DataError } from "../../errors.js";
import { jpegConstants, jpegKernels, jpegStructBytes, jpegWords } from "../../wasm/jpeg.js";
import { runtime } from "../../wasm/runtime.js";
import type { RawImage } from "../image.js";
import type { Box } from "../transforms/geometry.js";
import { factorsOf } from "./jpeg-frame.js";
import type { JpegInfo, Scan } from "./jpeg-header.js";

const { SEQUENTIAL, DC_FIRST, DC_REFINE, AC_FIRST, AC_REFINE, ZEROS, HUFFMAN_BYTES } = jpegConstants;
const { COLOURS_GREY, COLOURS_RGB, COLOURS_YCC, COLOURS_CMYK, COLOURS_YCCK } = jpegConstants;

const BLOCK_BYTES = 128;
/** Kernels read and write this much beyond arrays. */
const SLACK = 64;
const LINE = 64;
/** Pixels are copied from the heap about this many bytes at a time, while they are in the processor's cache. */
const STRIP = 2 ** 16;
/** Huffman tables: four for DC, four for AC. */
const TABLES = 8;
/** Bytes of the largest table in a DHT segment. */
const MOST_DEFINITION = 16 + 256;
/** Bits that libjpeg wants after the last one it needs, if the file ends there. */
const MORE_BITS = 24;

/** Twice the place in a block, row by row, of coefficient k in zigzag order (ITU-T T.81, figure A.6); the last one beyond 63. */
const PLACES = Uint8Array.from({ length: 80 }, () => 126);
for (let k = 0, diagonal = 0; diagonal < 15; diagonal++) {
  for (let i = Math.max(0, diagonal - 7); i <= Math.min(7, diagonal); i++) {
    const [row, column] = diagonal & 1 ? [i, diagonal - i] : [diagonal - i, i];
    PLACES[k++] = 2 * (8 * row + column);
  }
}

/** What a component takes in the heap. */
interface Layout {
  readonly blocksWide: number;
  readonly blocksHigh: number;
  readonly coefficientRows: number;
  readonly stride: number;
  readonly samplesWide: number;
  readonly samplesHigh: number;
}

/** Parts of a block of memory: sizes first, addresses when there is one. */
class Plan {
  bytes = 0;

  /** The offset of this many bytes and slack after them. */
  room(bytes: number): number {
    const offset = this.bytes;
    this.bytes += Math.ceil((bytes + SLACK) / LINE) * LINE;
    return offset;
  }
}

function coloursOf({ components, ycc }: JpegInfo): number {
  if (components.length === 1) return COLOURS_GREY;
  if (components.length === 3) return ycc ? COLOURS_YCC : COLOURS_RGB;
  return ycc ? COLOURS_YCCK : COLOURS_CMYK;
}

/** What a scan's SOS segment asks for. */
function scanFields(info: JpegInfo, { header, components }: Scan) {
  const [first, last, both] = header.subarray(1 + 2 * components.length) as unknown as [
    number,
    number,
    number,
  ];
  const fields = { first, last, bit: both & 15 };
  if (!info.progressive) return { ...fields, kind: SEQUENTIAL };
  const refines = both >> 4 > 0;
  if (first === 0) return { ...fields, kind: refines ? DC_REFINE : DC_FIRST };
  return { ...fields, kind: refines ? AC_REFINE : AC_FIRST };
}

/** Number of the Huffman table that a DHT segment's first byte names. */
const slotOf = (key: number): number => (key >> 4) * 4 + (key & 3);

/** Writes a table of a DQT segment (precision first, in zigzag order) row by row, 16 bits each: what more it has is lost, as in libjpeg. */
function setQuantisation(table: Uint8Array, u8: Uint8Array, at: number): void {
  const wide = table[0]! >> 4;
  for (let k = 0; k < 64; k++) {
    const to = at + PLACES[k]!;
    u8[to] = wide ? table[2 + 2 * k]! : table[1 + k]!;
    u8[to + 1] = wide ? table[1 + 2 * k]! : 0;
  }
}

/** The blocks that the samples of pixels begin ≤ x < end, and their neighbours, lie in. */
function blocksFor(begin: number, end: number, ratio: number, blocks: number): [number, number] {
  const first = Math.max(0, Math.floor(begin / ratio) - 1);
  const last = Math.floor((end - 1) / ratio) + 1;
  return [first >> 3, Math.min(blocks, (last >> 3) + 1)];
}

/** Whether one sequential scan has the whole picture: coefficients need not be kept then. */
const isOneScan = ({ progressive, scans, components }: JpegInfo): boolean =>
  !progressive && scans[0]!.components.length === components.length;

/**
 * The picture, or the part of it in `box`, in 1 channel if it is grey, otherwise 3. Outside the box no pixels are computed. @throws DataError
 * naming the file if it is truncated, or lacks a table
 */
export function decodeJpeg(info: JpegInfo, file: string, box?: Box): RawImage {
  const { top, left, height, width } = box ?? { top: 0, left: 0, height: info.height, width: info.width };
  const { components, scans } = info;
  const oneScan = isOneScan(info);
  const used = oneScan ? scans.slice(0, 1) : scans;
  const [mostH, mostV] = factorsOf(components);
  const unitsWide = Math.ceil(info.width / 8 / mostH);
  const unitsHigh = Math.ceil(info.height / 8 / mostV);
  const layouts = components.map(({ h, v }): Layout => {
    const blocksWide = unitsWide * h;
    return {
      blocksWide,
      blocksHigh: unitsHigh * v,
      coefficientRows: oneScan ? v : unitsHigh * v,
      stride: 8 * blocksWide + LINE,
      samplesWide: Math.ceil((info.width * h) / mostH),
      samplesHigh: Math.ceil((info.height * v) / mostV),
    };
  });
  const channels = components.length === 1 ? 1 : 3;
  const plan = new Plan();
  const structs = plan.room(jpegStructBytes("Jpeg") + components.length * jpegStructBytes("JpegComponent"));
  const places = plan.room(PLACES.length);
  const definition = plan.room(MOST_DEFINITION);
  const huffman = plan.room(TABLES * HUFFMAN_BYTES);
  const longest = Math.max(...used.map(({ data }) => data.length));
  const data = plan.room(longest);
  const bits = plan.room(longest + ZEROS);
  const rowBytes = Math.ceil(info.width / LINE) * LINE + 4 * LINE;
  const rows = plan.room(components.length * rowBytes);
  const stripRows = Math.min(height, Math.max(1, Math.floor(STRIP / (width * channels))));
  const strip = plan.room(stripRows * width * channels);
  const parts = layouts.map(({ blocksWide, blocksHigh, coefficientRows, stride }) => ({
    quantisation: plan.room(BLOCK_BYTES),
    coefficients: plan.room(coefficientRows * blocksWide * BLOCK_BYTES),
    plane: plan.room(8 * blocksHigh * stride) + LINE / 2,
  }));
  const { heap } = runtime();
  return heap.scratch(plan.bytes, file, (base) => {
    const kernels = jpegKernels();
    const u8 = heap.u8(base, plan.bytes);
    u8.set(PLACES, places);
    const fields = components.map(({ h, v }, i) => {
      const layout = layouts[i]!;
      const { quantisation, coefficients, plane } = parts[i]!;
      setQuantisation(info.tables[i]!, u8, quantisation);
      if (!oneScan)
        u8.fill(0, coefficients, coefficients + layout.coefficientRows * layout.blocksWide * BLOCK_BYTES);
      const [firstColumn, endColumn] = blocksFor(left, left + width, mostH / h, layout.blocksWide);
      const [firstRow, endRow] = blocksFor(top, top + height, mostV / v, layout.blocksHigh);
      return {
        ...{ h, v, ...layout, firstColumn, endColumn, firstRow, endRow },
        ...{ quantisation: base + quantisation, coefficients: base + coefficients, plane: base + plane },
        ...{ dcTable: 0, acTable: 0 },
      };
    });
    const common = {
      ...{ width: info.width, height: info.height, mostH, mostV, unitsWide, unitsHigh },
      ...{ componentCount: components.length, components: base + structs + jpegStructBytes("Jpeg") },
      ...{ places: base + places, colours: coloursOf(info), rows: base + rows, rowBytes },
      ...{ from: base + data, top: base + bits + Math.floor((longest + ZEROS + SLACK) / 16) * 16 },
    };
    const unitRows = Math.max(...fields.map(({ endRow, v }) => Math.ceil(endRow / v)));
    const state = base + structs;
    const known = new Set<number>();
    for (const scan of used) {
      for (const table of scan.huffman) {
        const number = slotOf(table[0]!);
        u8.set(table.subarray(1), definition);
        kernels.huffmanTable(base + definition, table[0]! >> 4, base + huffman + number * HUFFMAN_BYTES);
        known.add(number);
      }
      const own = scanFields(info, scan);
      scan.components.forEach((place, i) => {
        const tables = scan.header[2 + 2 * i]!;
        for (const [slot, isUsed] of [
          [tables >> 4, own.kind === SEQUENTIAL || own.kind === DC_FIRST],
          [4 + (tables & 15), own.kind !== DC_FIRST && own.kind !== DC_REFINE],
        ] as const) {
          if (isUsed && !known.has(slot))
            throw new DataError(`${file}: damaged JPEG; got no Huffman table ${slot & 3} before it is used`);
          const address = isUsed ? base + huffman + slot * HUFFMAN_BYTES : 0;
          if (slot < 4) fields[place]!.dcTable = address;
          else fields[place]!.acTable = address;
        }
      });
      u8.set(scan.data, data);
      const words = [
        ...jpegWords("Jpeg", {
          ...common,
          ...own,
          scanCount: scan.components.length,
          scanComponents: scan.components.reduce((all, place, i) => all | (place << (8 * i)), 0),
          interval: scan.interval,
          end: base + data + scan.data.length,
        }),
        ...fields.flatMap((component) => jpegWords("JpegComponent", component)),
      ];
      heap.i32(state, words.length).set(words);
      if (oneScan) kernels.decodeWhole(state, info.ended ? unitRows : unitsHigh);
      else kernels.decodeScan(state);
    }
    if (!info.ended && kernels.bitsLeft(state) < MORE_BITS)
      throw new DataError(`${file}: truncated JPEG; got too few bytes in its scan; expected an end marker`);
    if (!oneScan) kernels.samplesOf(state);
    const out = new Uint8Array(width * height * channels);
    for (let y = 0; y < height; y += stripRows) {
      const count = Math.min(stripRows, height - y);
      kernels.colourRows(state, left, width, base + strip, top + y, top + y + count);
      out.set(u8.subarray(strip, strip + count * width * channels), y * width * channels);
    }
    return { data: out, width, height, channels };
  });
}
