// Event files as TensorBoard reads them: records framed as in TFRecord files (length and data, each with a masked CRC-32C),
// each an Event message of protocol buffers (tensorflow/core/util/event.proto, framework/summary.proto). Messages are written
// by pbf, which implements only the wire format in 100 KB; the messages here have a dozen fields in total.

import { checkFunction, checkKinds, checkOptions, wrongKind } from "../errors/options.js";
import { existsSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { PbfWriter } from "../vendor/pbf.js";
import { encodePng, type RawImage } from "../data/index.js";
import { DataError, reason } from "../errors.js";
import type { EpochReport } from "../train/index.js";
import { codeOf, flush, makeFolders } from "./files.js";
import { hostOf } from "./run-lock.js";

/** CRC-32C of single bytes: Castagnoli's polynomial, bits reversed. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C (RFC 3720, appendix B.4). */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** TFRecord's form of a checksum, so that one of data that holds checksums is no special case. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** u64 length, u32 checksum of it, data, u32 checksum of it; little-endian. */
function frame(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(data.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, masked(data), true);
  return record;
}

type Fields = (pbf: PbfWriter) => void;

const write = (fields: Fields, pbf: PbfWriter): void => fields(pbf);

/** SessionLog.SessionStatus.START */
const START = 1;

/** Options of EventWriter. */
export interface EventWriterOptions {
  /**
   * For a resumed run: entries of older files in the folder for this step and later ones are void, since those steps come
   * again. Default: all entries count.
   */
  purgeStep?: number;
  /** Seconds since 1970. Default: the system's clock. */
  now?: () => number;
}

let writers = 0;

/** Names of EpochReport's columns in TensorBoard, which groups by the text before the slash. */
const TAGS: Partial<Record<keyof EpochReport, string>> = {
  train_loss: "loss/train",
  eval_loss: "loss/eval",
  train_top1: "top1/train",
  eval_top1: "top1/eval",
  eval_top5: "top5/eval",
  eval_map: "map/eval",
  ema_loss: "loss/ema",
  ema_top1: "top1/ema",
  ema_top5: "top5/ema",
  ema_map: "map/ema",
  lr: "lr",
  images_per_second: "speed/images_per_second",
  data_wait: "speed/data_wait",
};

/**
 * Writes one event file into a folder, a new one for each writer: TensorBoard shows a folder's files as one run, in the
 * order of their names, which begin with the time. Events wait in memory until flush().
 */
export class EventWriter {
  readonly #stem: string;
  #path: string;
  readonly #now: () => number;
  readonly #folder: string;
  #waiting: Uint8Array[] = [];
  #file: FileHandle | undefined;

  constructor(folder: string, options: EventWriterOptions = {}) {
    checkKinds("EventWriter", { folder }, { folder: "path" });
    checkOptions<EventWriterOptions>("EventWriter", options, { purgeStep: true, now: true });
    const { purgeStep, now = () => Date.now() / 1000 } = options;
    checkFunction("EventWriter", "now", now);
    if (purgeStep !== undefined && !(Number.isInteger(purgeStep) && purgeStep >= 0))
      throw wrongKind("EventWriter", "purgeStep", purgeStep, "an integer ≥ 0");
    this.#now = now;
    this.#folder = folder;
    const time = String(Math.floor(now())).padStart(10, "0");
    const host = hostOf().replace(/[^\w.-]/g, "_");
    this.#stem = join(folder, `events.out.tfevents.${time}.${host}.${process.pid}`);
    this.#path = `${this.#stem}.${writers++}`;
    this.#event(0, (pbf) => pbf.writeStringField(3, "brain.Event:2"));
    if (purgeStep !== undefined) {
      this.#event(purgeStep, (pbf) => pbf.writeMessage(7, write, (log) => log.writeVarintField(1, START)));
    }
  }

  /** The file, which exists after the first flush(). */
  get path(): string {
    return this.#path;
  }

  /** One number at a step. */
  scalar(tag: string, value: number, step: number): void {
    this.#summary(tag, step, (pbf) => pbf.writeFloatField(2, value));
  }

  /** A picture at a step: grey, RGB or RGBA. */
  image(tag: string, image: RawImage, step: number): void {
    const { height, width, channels } = image;
    this.#summary(tag, step, (pbf) =>
      pbf.writeMessage(4, write, (picture) => {
        picture.writeVarintField(1, height);
        picture.writeVarintField(2, width);
        picture.writeVarintField(3, channels);
        picture.writeBytesField(4, encodePng(image));
      }),
    );
  }

  /** The numbers of an epoch, which is the step; NaN and missing values are left out. Flushes. */
  async epoch(row: Partial<EpochReport> & { epoch: number }): Promise<void> {
    for (const [key, tag] of Object.entries(TAGS)) {
      const value = row[key as keyof EpochReport];
      if (value !== undefined && !Number.isNaN(value)) this.scalar(tag, value, row.epoch);
    }
    await this.flush();
  }

  /**
   * Appends the waiting events to the file, and makes sure they are on the disk.
   * @throws DataError naming the file if it cannot be written, or was removed
   */
  async flush(): Promise<void> {
    const records = this.#waiting;
    this.#waiting = [];
    if (records.length === 0) return;
    try {
      if (this.#file && !existsSync(this.#path)) throw new Error("it was removed since");
      const file = (this.#file ??= await this.#create());
      await file.appendFile(Buffer.concat(records));
      await flush(file);
    } catch (error) {
      throw new DataError(`${this.#path}: cannot be written: ${reason(error)}`);
    }
  }

  /** A new file: follows no existing link, and overwrites no existing file. */
  async #create(): Promise<FileHandle> {
    await makeFolders(this.#folder);
    for (;;) {
      try {
        return await open(this.#path, "ax");
      } catch (error) {
        if (codeOf(error) !== "EEXIST") throw error;
        this.#path = `${this.#stem}.${writers++}`;
      }
    }
  }

  /** @throws DataError as flush() */
  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.#file?.close();
      this.#file = undefined;
    }
  }

  #summary(tag: string, step: number, value: Fields): void {
    this.#event(step, (pbf) =>
      pbf.writeMessage(5, write, (summary) =>
        summary.writeMessage(1, write, (entry) => {
          entry.writeStringField(1, tag);
          value(entry);
        }),
      ),
    );
  }

  #event(step: number, what: Fields): void {
    const pbf = new PbfWriter();
    pbf.writeDoubleField(1, this.#now());
    if (step !== 0) pbf.writeVarintField(2, step); // 0 is what a missing field means
    what(pbf);
    this.#waiting.push(frame(pbf.finish().slice()));
  }
}
