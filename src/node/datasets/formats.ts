// Datasets in a few large files: MNIST's and CIFAR's.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import {
  decodeCifar10,
  decodeCifar100,
  decodeMnist,
  type ImageDataset,
  type NamedFile,
} from "../../data/index.js";
import { DataError, reason } from "../../errors.js";
import { readBytes } from "../files.js";

/** Most bytes that a .gz file here unpacks to. */
const MOST_BYTES = 2 ** 30;

/** A file, or the same with .gz, unpacked if its bytes are a gzip file. @throws DataError naming the file */
function readPlain(path: string): NamedFile {
  const name = !existsSync(path) && existsSync(`${path}.gz`) ? `${path}.gz` : path;
  const bytes = readBytes(name);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return { name, bytes };
  try {
    return { name, bytes: gunzipSync(bytes, { maxOutputLength: MOST_BYTES }) };
  } catch (error) {
    throw new DataError(`${name}: damaged gzip file; ${reason(error)}`);
  }
}

function checkFolder(folder: string): void {
  if (!existsSync(folder)) throw new DataError(`${folder}: no such folder`);
}

/** The two parts that MNIST and CIFAR are published in. */
export interface TrainAndTest {
  /** Pictures to train on. */
  train: ImageDataset;
  /** Pictures to evaluate on. */
  test: ImageDataset;
}

/**
 * Reads MNIST, or a dataset in its format, from a folder with the four canonical files (train-images-idx3-ubyte,
 * train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte), each plain or with .gz.
 * @throws DataError naming the file that is missing or damaged
 */
export async function loadMnist(folder: string, classes?: readonly string[]): Promise<TrainAndTest> {
  checkFolder(folder);
  const part = (prefix: string): ImageDataset =>
    decodeMnist(
      readPlain(join(folder, `${prefix}-images-idx3-ubyte`)),
      readPlain(join(folder, `${prefix}-labels-idx1-ubyte`)),
      classes,
    );
  return { train: part("train"), test: part("t10k") };
}

/**
 * Reads CIFAR-10's binary version from a folder with data_batch_1.bin … data_batch_5.bin and test_batch.bin.
 * @throws DataError naming the file that is missing or damaged
 */
export async function loadCifar10(folder: string): Promise<TrainAndTest> {
  checkFolder(folder);
  const file = (name: string): NamedFile => readPlain(join(folder, `${name}.bin`));
  return {
    train: decodeCifar10(
      [1, 2, 3, 4, 5].map((i) => file(`data_batch_${i}`)),
      `${folder} train`,
    ),
    test: decodeCifar10([file("test_batch")], `${folder} test`),
  };
}

/**
 * Reads CIFAR-100's binary version from a folder with train.bin and test.bin, with its 100 fine or 20 coarse classes.
 * @throws DataError naming the file that is missing or damaged
 */
export async function loadCifar100(
  folder: string,
  labels: "fine" | "coarse" = "fine",
): Promise<TrainAndTest> {
  checkFolder(folder);
  const part = (name: string): ImageDataset =>
    decodeCifar100(readPlain(join(folder, `${name}.bin`)), labels, `${folder} ${name}`);
  return { train: part("train"), test: part("test") };
}
