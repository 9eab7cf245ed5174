// Features of pictures in files that NumPy, pandas and PyTorch read.

import { checkFields, checkKinds } from "../errors/options.js";
import { extname } from "node:path";
import { DataError } from "../errors.js";
import { readSafetensors, safetensorsParts } from "../io/safetensors.js";
import type { FeatureRows } from "../train/index.js";
import { csvText, parseCsv } from "./csv.js";
import { readBytes, writeFileAtomic } from "./files.js";
import { withFile } from "./weights.js";

/** Pictures and their features, a row each. */
export interface PictureFeatures extends FeatureRows {
  /** Path of each picture. */
  readonly files: readonly string[];
}

export const featureFormats = [".npy", ".csv", ".safetensors"] as const;
export type FeatureFormat = (typeof featureFormats)[number];

export function featureFormat(path: string): FeatureFormat | undefined {
  return featureFormats.find((format) => format === extname(path).toLowerCase());
}

/** The file with the names of an .npy file's pictures. */
const namesOf = (path: string): string => `${path.slice(0, path.length - extname(path).length)}.files.csv`;

/** Every file that writeFeatures() writes. */
export const featureFilesOf = (path: string): string[] =>
  featureFormat(path) === ".npy" ? [path, namesOf(path)] : [path];

/**
 * Writes features by the name's ending. .npy: float32 [pictures, features], and the pictures' names in *.files.csv beside it,
 * a row each; .csv: file,f0,f1,…; .safetensors: the tensor `features`, and the names as JSON in the header's `files`.
 * @throws DataError if it cannot be written
 */
export async function writeFeatures(path: string, rows: PictureFeatures): Promise<void> {
  checkKinds("writeFeatures", { path }, { path: "path" });
  checkFields("writeFeatures", "rows", rows, { files: "list", data: "numbers", features: "number" });
  const { files, data, features } = rows;
  const shape = [files.length, features];
  const format = featureFormat(path);
  if (format === ".csv") {
    const head = ["file", ...Array.from({ length: features }, (_, j) => `f${j}`)];
    const rows = files.map((file, i) => [
      file,
      ...Array.from(data.subarray(i * features, (i + 1) * features), shortest),
    ]);
    await writeFileAtomic(path, csvText([head, ...rows]));
  } else if (format === ".npy") {
    await writeFileAtomic(namesOf(path), csvText([["file"], ...files.map((file) => [file])]));
    await writeFileAtomic(path, [npyHead(shape), bytesOf(data)]);
  } else {
    const state = new Map([["features", { dtype: "F32" as const, shape, data }]]);
    await writeFileAtomic(path, safetensorsParts(state, { files: JSON.stringify(files) }));
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Enough digits to distinguish every float32. */
const shortest = (value: number): number => Number(value.toPrecision(9));

/** NumPy's format 1.0: magic, version, length, a Python dict padded to 64 bytes. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
function npyHead(shape: readonly number[]): Uint8Array {
  const dict = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`;
  const length = Math.ceil((dict.length + 11) / 64) * 64 - 10;
  const head = Buffer.from(`\x93NUMPY\x01\x00..${dict.padEnd(length - 1)}\n`, "latin1");
  head.writeUInt16LE(length, 8);
  return head;
}

/** Features that writeFeatures() wrote. @throws DataError naming the file that cannot be read or holds no features */
export function readFeatures(path: string): PictureFeatures {
  checkKinds("readFeatures", { path }, { path: "path" });
  const format = featureFormat(path);
  const read = format === ".csv" ? readCsv(path) : format === ".npy" ? readNpy(path) : readTensor(path);
  if (read.files.length === 0 || read.features === 0)
    throw new DataError(`${path}: no features; expected a row for each picture`);
  if (read.data.length === read.files.length * read.features) return read;
  throw new DataError(
    `${path}: ${read.data.length / read.features} rows of features for ${read.files.length} pictures; expected one each`,
  );
}

const textOf = (path: string): string => new TextDecoder().decode(readBytes(path));

function readCsv(path: string): PictureFeatures {
  const [head = [], ...rows] = parseCsv(textOf(path));
  if (head[0] !== "file" || head[1] !== "f0")
    throw new DataError(`${path}: no table of features; expected file,f0,f1,…`);
  const features = head.length - 1;
  const data = new Float32Array(rows.length * features);
  rows.forEach((row, i) => {
    const values = row.slice(1).map((cell) => (cell === "" ? NaN : Number(cell)));
    if (values.length !== features || values.some(Number.isNaN)) {
      throw new DataError(`${path}: row ${i + 1} does not hold ${features} numbers; expected file,f0,f1,…`);
    }
    data.set(values, i * features);
  });
  return { files: rows.map((row) => row[0]!), data, features };
}

function readNpy(path: string): PictureFeatures {
  const bytes = Buffer.from(readBytes(path));
  const isNpy = bytes.length >= 12 && bytes.subarray(0, 6).toString("latin1") === "\x93NUMPY";
  const [at, length] = isNpy
    ? bytes[6] === 1
      ? [10, bytes.readUInt16LE(8)]
      : [12, bytes.readUInt32LE(8)]
    : [0, 0];
  const dict = bytes.subarray(at, at + length).toString("latin1");
  const shape = /'shape': \((\d+), (\d+)\)/.exec(dict);
  if (!isNpy || !shape || !/'descr': '<f4'/.test(dict) || !/'fortran_order': False/.test(dict)) {
    throw new DataError(`${path}: no array of features; expected '<f4', C order, [pictures, features]`);
  }
  const [n, features] = [Number(shape[1]), Number(shape[2])];
  const body = bytes.subarray(at + length);
  if (body.length !== 4 * n * features) {
    throw new DataError(
      `${path}: ${body.length} bytes of numbers; expected ${4 * n * features} for [${n},${features}]`,
    );
  }
  const data = new Float32Array(Uint8Array.from(body).buffer);
  const [head, ...rows] = parseCsv(textOf(namesOf(path)));
  if (head?.[0] !== "file")
    throw new DataError(`${namesOf(path)}: no list of pictures; expected a column 'file'`);
  return { files: rows.map((row) => row[0]!), data, features };
}

function readTensor(path: string): PictureFeatures {
  const { state, metadata } = withFile(path, readSafetensors);
  const { shape, data } = state.get("features") ?? { shape: [], data: undefined };
  if (!(data instanceof Float32Array) || shape.length !== 2) {
    throw new DataError(
      `${path}: no tensor 'features' [pictures, features]; expected what fovea features writes`,
    );
  }
  let files: unknown;
  try {
    files = JSON.parse(metadata["files"] ?? "");
  } catch {
    files = undefined;
  }
  if (!Array.isArray(files) || !files.every((file) => typeof file === "string")) {
    throw new DataError(
      `${path}: its header has no list of pictures 'files'; expected what fovea features writes`,
    );
  }
  return { files, data, features: shape[1]! };
}
