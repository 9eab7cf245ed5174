// Files of weights, whatever their format: recognised by their first bytes, never by their name.

import type { StateDict } from "../core/state.js";
import { DataError } from "../errors.js";
import { isPickle, ofSafetensors, readPaddle } from "./paddle.js";
import { readSafetensors } from "./safetensors.js";
import { bytesSource, type ByteSource } from "./source.js";
import { isLegacy } from "./torch-archive.js";
import { readTorch } from "./torch.js";
import { checkOptions, wrongKind } from "../errors/options.js";

/** Options for reading files of weights. */
export interface ReadOptions {
  /**
   * Which of a checkpoint's state dicts to take. Default: averaged weights, `state_dict`, `model`, …; from Paddle's files with
   * a teacher, the student.
   */
  key?: string;
}

/**
 * The state dict in the bytes of a safetensors file, of a .pth or .pt file that torch.save() wrote in either of its
 * formats, or of a file of paddle.save(), .pdparams or safetensors, whose names and matrices become PyTorch's. `file` names it in errors. See decodeSafetensors() for the types; nothing in a file is executed.
 * @throws DataError naming the file, and the tensor or callable in it, if it is damaged, refused or of another kind
 */
export function decodeWeights(bytes: Uint8Array, file = "weights", options: ReadOptions = {}): StateDict {
  if (!(bytes instanceof Uint8Array)) throw wrongKind("decodeWeights", "bytes", bytes, "a Uint8Array");
  checkOptions<ReadOptions>("decodeWeights", options, { key: true });
  return readState(bytesSource(bytes, file), options);
}

/** decodeWeights() of a source that is read piece by piece. */
export function readState(source: ByteSource, { key }: ReadOptions = {}): StateDict {
  const head = source.read(0, Math.min(source.size, 264));
  const text = String.fromCharCode(...head);
  if (text.startsWith("PK\x03\x04") || isLegacy(text)) {
    return readTorch(source, key);
  }
  if (text[8] === "{") return ofSafetensors(readSafetensors(source).state); // whose length may look like a pickle's beginning
  if (isPickle(text)) return readPaddle(source, key);
  const hint = text.startsWith("version https://git-lfs")
    ? "; it is a pointer to a file in Git LFS"
    : /^\s*<(!doctype|html)/i.test(text)
      ? "; it is a web page"
      : text.slice(257, 262) === "ustar"
        ? "; it is a tar file, as PyTorch wrote before 0.2"
        : "";
  const bytes = [...head.subarray(0, 8)].map((b) => b.toString(16).padStart(2, "0")).join(" ");
  throw new DataError(
    `${source.name}: not a file of weights: ${source.size} bytes, beginning with ${bytes || "none"}; ` +
      `expected safetensors, PyTorch's .pth or Paddle's .pdparams${hint}`,
  );
}
