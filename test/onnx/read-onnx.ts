// A reader of files of ONNX for tests, written against the format's description and not against src/onnx: fields by their
// numbers, as in https://github.com/onnx/onnx/blob/v1.17.0/onnx/onnx.proto.

export interface ReadTensor {
  name: string;
  dims: number[];
  type: number;
  bytes: Uint8Array;
}

export interface ReadNode {
  name: string;
  operator: string;
  inputs: string[];
  outputs: string[];
  attributes: Record<string, number | string | number[]>;
}

export interface ReadPort {
  name: string;
  type: number;
  shape: (number | string)[];
}

export interface ReadModel {
  irVersion: number;
  producer: string;
  producerVersion: string;
  opset: number;
  graphName: string;
  nodes: ReadNode[];
  initialisers: Map<string, ReadTensor>;
  inputs: ReadPort[];
  outputs: ReadPort[];
  metadata: Record<string, string>;
}

/** All fields of a message by number, in the order in which they come. */
class Message {
  readonly #fields = new Map<number, (bigint | Uint8Array)[]>();

  constructor(bytes: Uint8Array) {
    let at = 0;
    const varint = (): bigint => {
      let value = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const byte = bytes[at++];
        if (byte === undefined) throw new Error("read-onnx: the message ends in a number");
        value |= BigInt(byte & 127) << shift;
        if (byte < 128) return BigInt.asIntN(64, value);
      }
    };
    const take = (length: number): Uint8Array => {
      if (at + length > bytes.length) throw new Error("read-onnx: a field reaches beyond its message");
      at += length;
      return bytes.subarray(at - length, at);
    };
    while (at < bytes.length) {
      const tag = Number(varint());
      const value = [varint, undefined, () => take(Number(varint())), undefined, undefined, () => take(4)][
        tag & 7
      ];
      if (!value) throw new Error(`read-onnx: wire type ${tag & 7}`);
      this.#fields.set(tag >> 3, [...(this.#fields.get(tag >> 3) ?? []), value()]);
    }
  }

  bytes(field: number): Uint8Array[] {
    return (this.#fields.get(field) ?? []) as Uint8Array[];
  }
  messages(field: number): Message[] {
    return this.bytes(field).map((bytes) => new Message(bytes));
  }
  texts(field: number): string[] {
    return this.bytes(field).map((bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  }
  numbers(field: number): number[] {
    return ((this.#fields.get(field) ?? []) as bigint[]).map(Number);
  }
  float(field: number): number {
    const [bytes] = this.bytes(field) as [Uint8Array];
    return new DataView(bytes.buffer, bytes.byteOffset).getFloat32(0, true);
  }
}

function attributeOf(message: Message): [string, number | string | number[]] {
  const [name, type] = [message.texts(1)[0]!, message.numbers(20)[0]];
  if (type === 1) return [name, message.float(2)];
  if (type === 2) return [name, message.numbers(3)[0]!];
  if (type === 3) return [name, message.texts(4)[0]!];
  if (type === 7) return [name, message.numbers(8)];
  throw new Error(`read-onnx: attribute ${name} of type ${type}`);
}

function portOf(message: Message): ReadPort {
  const tensor = message.messages(2)[0]!.messages(1)[0]!;
  const dims = tensor.messages(2)[0]!.messages(1);
  return {
    name: message.texts(1)[0]!,
    type: tensor.numbers(1)[0]!,
    shape: dims.map((dim) => dim.numbers(1)[0] ?? dim.texts(2)[0]!),
  };
}

export function readOnnx(bytes: Uint8Array): ReadModel {
  const model = new Message(bytes);
  const graph = model.messages(7)[0]!;
  return {
    irVersion: model.numbers(1)[0]!,
    producer: model.texts(2)[0]!,
    producerVersion: model.texts(3)[0]!,
    opset: model.messages(8)[0]!.numbers(2)[0]!,
    graphName: graph.texts(2)[0]!,
    nodes: graph.messages(1).map((node) => ({
      name: node.texts(3)[0]!,
      operator: node.texts(4)[0]!,
      inputs: node.texts(1),
      outputs: node.texts(2),
      attributes: Object.fromEntries(node.messages(5).map(attributeOf)),
    })),
    initialisers: new Map(
      graph.messages(5).map((tensor) => {
        const name = tensor.texts(8)[0]!;
        return [
          name,
          { name, dims: tensor.numbers(1), type: tensor.numbers(2)[0]!, bytes: tensor.bytes(9)[0]! },
        ];
      }),
    ),
    inputs: graph.messages(11).map(portOf),
    outputs: graph.messages(12).map(portOf),
    metadata: Object.fromEntries(model.messages(14).map((entry) => [entry.texts(1)[0]!, entry.texts(2)[0]!])),
  };
}

/** The elements of an initialiser, copied: they lie at any offset in the file. */
export const floatsOf = ({ bytes }: ReadTensor): Float32Array => new Float32Array(bytes.slice().buffer);
export const integersOf = ({ bytes }: ReadTensor): number[] =>
  Array.from(new BigInt64Array(bytes.slice().buffer), Number);
