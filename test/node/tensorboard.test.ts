// The last test needs a Python with TensorBoard: FOVEA_PYTHON, or python3.

import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PbfReader } from "pbf";
import { encodePng, type RawImage } from "../../src/data/index.js";
import { crc32c, EventWriter } from "../../src/node/tensorboard.js";

const script = fileURLToPath(new URL("../golden/tensorboard_read.py", import.meta.url));
const python = [process.env["FOVEA_PYTHON"] ?? "", "python3"].find(
  (name) => name && spawnSync(name, ["-c", "import tensorboard.backend.event_processing.event_accumulator"]).status === 0, // prettier-ignore
);

/** The records of the first test, by tensorboard.summary.writer.record_writer.RecordWriter and event_pb2 of TensorBoard 2.21.0. */
const GOLDEN =
  "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c" +
  "200000000000000029eda95009000000000000f83f10032a130a110a0a6c6f73732f747261696e150000803e4a2d8635";

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "fovea-"))));
afterEach(() => rm(folder, { recursive: true }));

const picture: RawImage = { data: Uint8Array.of(255, 0, 0, 0, 255, 0), height: 1, width: 2, channels: 3 };

interface Event {
  time?: number;
  step?: number;
  version?: string;
  tag?: string;
  value?: number;
  started?: boolean;
}

/** Records of an event file, their checksums verified. */
function read(bytes: Buffer): Event[] {
  const events: Event[] = [];
  const unmask = (crc: number): number => {
    const rotated = (crc - 0xa282ead8) >>> 0;
    return ((rotated << 15) | (rotated >>> 17)) >>> 0;
  };
  for (let at = 0; at < bytes.length;) {
    const length = Number(bytes.readBigUInt64LE(at));
    expect(unmask(bytes.readUInt32LE(at + 8))).toBe(crc32c(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(unmask(bytes.readUInt32LE(at + 12 + length))).toBe(crc32c(data));
    const event: Event = {};
    new PbfReader(Uint8Array.from(data)).readFields((field, e: Event, pbf) => {
      if (field === 1) e.time = pbf.readDouble();
      if (field === 2) e.step = pbf.readVarint();
      if (field === 3) e.version = pbf.readString();
      if (field === 7)
        e.started = pbf.readMessage((f, _, p) => void (f === 1 && p.readVarint()), {}) !== undefined;
      if (field !== 5) return;
      pbf.readMessage((_, __, summary) => {
        summary.readMessage((f, value: Event, p) => {
          if (f === 1) value.tag = p.readString();
          if (f === 2) value.value = p.readFloat();
        }, e);
      }, {});
    }, event);
    events.push(event);
    at += length + 16;
  }
  return events;
}

describe("crc32c", () => {
  it("gives the checksums of RFC 3720, appendix B.4", () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  });
});

describe("EventWriter", () => {
  it("writes the bytes that TensorBoard's own writer does", async () => {
    const writer = new EventWriter(folder, { now: () => 1.5 });
    writer.scalar("loss/train", 0.25, 3);
    await writer.close();
    expect((await readFile(writer.path)).toString("hex")).toBe(GOLDEN);
  });

  it("appends at each flush, and numbers of an epoch as scalars", async () => {
    const writer = new EventWriter(folder, { now: () => 2 });
    await writer.epoch({ epoch: 1, train_loss: 0.5, eval_loss: NaN, lr: 0.125 });
    const first = await readFile(writer.path);
    await writer.epoch({ epoch: 2, train_loss: 0.25, eval_loss: 0.75 });
    await writer.close();
    const all = await readFile(writer.path);
    expect(all.subarray(0, first.length).equals(first)).toBe(true);
    expect(read(all)).toEqual([
      { time: 2, version: "brain.Event:2" },
      { time: 2, step: 1, tag: "loss/train", value: 0.5 },
      { time: 2, step: 1, tag: "lr", value: 0.125 },
      { time: 2, step: 2, tag: "loss/train", value: 0.25 },
      { time: 2, step: 2, tag: "loss/eval", value: 0.75 },
    ]);
  });

  it("begins a new file when a run goes on, and says from which step", async () => {
    const before = new EventWriter(folder);
    await before.close();
    const after = new EventWriter(folder, { purgeStep: 7, now: () => 3 });
    await after.close();
    expect(await readdir(folder)).toHaveLength(2);
    expect(read(await readFile(after.path))[1]).toEqual({ time: 3, step: 7, started: true });
  });

  it.skipIf(!python)("is understood by TensorBoard (skipped without a Python that has it)", async () => {
    const first = new EventWriter(folder, { now: () => 1000 });
    for (const epoch of [1, 2, 3]) await first.epoch({ epoch, train_loss: 1 / epoch, eval_top1: epoch / 4 });
    first.image("inputs", picture, 1);
    await first.close();
    const second = new EventWriter(folder, { purgeStep: 3, now: () => 2000 }); // epoch 3 comes again
    await second.epoch({ epoch: 3, train_loss: 0.125, eval_top1: 0.875 });
    await second.close();
    const { stdout } = await promisify(execFile)(python!, [script, folder]);
    expect(JSON.parse(stdout)).toEqual({
      scalars: {
        "loss/train": [[1, 1], [2, 0.5], [3, 0.125]], // prettier-ignore
        "top1/eval": [[1, 0.25], [2, 0.5], [3, 0.875]], // prettier-ignore
      },
      images: { inputs: [[1, 2, 1, Buffer.from(encodePng(picture)).toString("hex")]] },
    });
  });
});
