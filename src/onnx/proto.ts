// ONNX files: messages of protocol buffers (https://github.com/onnx/onnx/blob/v1.17.0/onnx/onnx.proto). pbf writes
// the small parts; tensors go straight from the heap to their place in the file, which is allocated once.

import { PbfWriter } from "../vendor/pbf.js";
import { DataError } from "../errors.js";

/** TensorProto.DataType, and the bytes of an element. */
export const TYPES = { f32: [1, 4], u8: [2, 1], i32: [6, 4], i64: [7, 8] } as const;
export type ElementType = keyof typeof TYPES;

/** A number is an INT, an array INTS, text a STRING. */
export type Attribute = number | string | readonly number[] | { readonly float: number };
export type Attributes = Readonly<Record<string, Attribute>>;

export interface OnnxNode {
  readonly name: string;
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: Attributes;
}

export interface Initialiser {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Fills `to`, as long as all elements: row-major, little-endian. */
  write(to: Uint8Array): void;
}

/** An input or output of the network. A text among the sizes names a free one. */
export interface Port {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
}

export interface OnnxModel {
  readonly name: string;
  readonly producerVersion: string;
  readonly nodes: readonly OnnxNode[];
  readonly initialisers: readonly Initialiser[];
  readonly inputs: readonly Port[];
  readonly output: Port;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The oldest version of the format with opset 17, and so the one that most programs read. */
const IR_VERSION = 8;
const OPSET = 17;

/** Protocol buffers' limit: C++ and Python refuse longer messages. */
const MOST_BYTES = 2 ** 31 - 1;

/** AttributeProto.AttributeType */
const [FLOAT, INT, STRING, INTS] = [1, 2, 3, 7];
/** A field preceded by its length. */
const BYTES = 2;

type Fields = (pbf: PbfWriter) => void;

const write = (fields: Fields, pbf: PbfWriter): void => fields(pbf);

function bytesOf(fields: Fields): Uint8Array {
  const pbf = new PbfWriter();
  fields(pbf);
  return pbf.finish();
}

const attribute =
  (name: string, value: Attribute): Fields =>
  (pbf) => {
    pbf.writeStringField(1, name);
    if (typeof value === "number") {
      pbf.writeVarintField(3, value);
      pbf.writeVarintField(20, INT);
    } else if (typeof value === "string") {
      pbf.writeStringField(4, value);
      pbf.writeVarintField(20, STRING);
    } else if ("float" in value) {
      pbf.writeFloatField(2, value.float);
      pbf.writeVarintField(20, FLOAT);
    } else {
      for (const one of value) pbf.writeVarintField(8, one);
      pbf.writeVarintField(20, INTS);
    }
  };

const node =
  ({ name, operator, inputs, output, attributes }: OnnxNode): Fields =>
  (pbf) => {
    for (const input of inputs) pbf.writeStringField(1, input);
    pbf.writeStringField(2, output);
    pbf.writeStringField(3, name);
    pbf.writeStringField(4, operator);
    for (const [key, value] of Object.entries(attributes)) pbf.writeMessage(5, write, attribute(key, value));
  };

const port =
  ({ name, type, shape }: Port): Fields =>
  (pbf) => {
    const dimension =
      (size: number | string): Fields =>
      (dim) =>
        typeof size === "number" ? dim.writeVarintField(1, size) : dim.writeStringField(2, size);
    pbf.writeStringField(1, name);
    pbf.writeMessage(2, write, (typeProto) =>
      typeProto.writeMessage(1, write, (tensor) => {
        tensor.writeVarintField(1, TYPES[type][0]);
        tensor.writeMessage(2, write, (sizes) => {
          for (const size of shape) sizes.writeMessage(1, write, dimension(size));
        });
      }),
    );
  };

/** A field with its length before its bytes. */
const delimited = (field: number, length: number): Uint8Array =>
  bytesOf((pbf) => {
    pbf.writeTag(field, BYTES);
    pbf.writeVarint(length);
  });

/** A stretch of the file. */
interface Part {
  readonly length: number;
  write(to: Uint8Array): void;
}

const ready = (bytes: Uint8Array): Part => ({ length: bytes.length, write: (to) => to.set(bytes) });

const lengthOf = (parts: readonly Part[]): number => parts.reduce((sum, { length }) => sum + length, 0);

function tensor(initialiser: Initialiser): Part[] {
  const { name, type, shape } = initialiser;
  const [code, size] = TYPES[type];
  const elements: Part = {
    length: shape.reduce((product, n) => product * n, size),
    write: (to) => initialiser.write(to),
  };
  const fields = bytesOf((pbf) => {
    for (const n of shape) pbf.writeVarintField(1, n);
    pbf.writeVarintField(2, code);
    pbf.writeStringField(8, name);
  });
  const parts = [ready(fields), ready(delimited(9, elements.length)), elements];
  return [ready(delimited(5, lengthOf(parts))), ...parts];
}

function graph({ name, nodes, initialisers, inputs, output }: OnnxModel): Part[] {
  const before = bytesOf((pbf) => {
    for (const one of nodes) pbf.writeMessage(1, write, node(one));
    pbf.writeStringField(2, name);
  });
  const after = bytesOf((pbf) => {
    for (const input of inputs) pbf.writeMessage(11, write, port(input));
    pbf.writeMessage(12, write, port(output));
  });
  return [ready(before), ...initialisers.flatMap(tensor), ready(after)];
}

/** The file's bytes. @throws DataError if they are more than a message may have */
export function encodeOnnx(model: OnnxModel): Uint8Array {
  const inner = graph(model);
  const head = bytesOf((pbf) => {
    pbf.writeVarintField(1, IR_VERSION);
    pbf.writeStringField(2, "fovea");
    pbf.writeStringField(3, model.producerVersion);
  });
  const tail = bytesOf((pbf) => {
    pbf.writeMessage(8, write, (opset) => {
      opset.writeStringField(1, "");
      opset.writeVarintField(2, OPSET);
    });
    for (const [key, value] of Object.entries(model.metadata)) {
      pbf.writeMessage(14, write, (entry) => {
        entry.writeStringField(1, key);
        entry.writeStringField(2, value);
      });
    }
  });
  const parts = [ready(head), ready(delimited(7, lengthOf(inner))), ...inner, ready(tail)];
  const length = lengthOf(parts);
  if (length > MOST_BYTES) {
    throw new DataError(
      `exportOnnx: ${model.name} takes ${length} bytes; expected at most ${MOST_BYTES}, the most that a file of ONNX may have`,
    );
  }
  const file = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    part.write(file.subarray(at, at + part.length));
    at += part.length;
  }
  return file;
}
