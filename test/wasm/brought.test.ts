// Kernels that the caller brings: initFrom().

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { DataError, init, initFrom, tensor, WasmError, type KernelSource } from "../../src/index.js";
import { canRun } from "../helpers/binaries.js";

const file = new URL("../../build/kernels.simd.wasm", import.meta.url);
const bytes = new Uint8Array(readFileSync(file));
const server = createServer((request, response) => {
  if (request.url !== "/kernels.wasm") return void response.writeHead(404).end();
  response.writeHead(200, { "Content-Type": "application/wasm" }).end(bytes);
});
let base = "";

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());
afterEach(() => void init());

const product = (): number[] => [...tensor([[1, 2], [3, 4]]).matmul(tensor([[5], [6]])).data()]; // prettier-ignore

describe("initFrom", () => {
  const sources: Record<string, () => KernelSource | Promise<KernelSource>> = {
    "bytes": () => bytes,
    "an ArrayBuffer": () => bytes.slice().buffer,
    "a view into more": () => new DataView(Uint8Array.from([1, ...bytes, 2]).buffer, 1, bytes.length),
    "a URL of a file": () => file,
    "a URL": () => new URL(`${base}/kernels.wasm`),
    "a text": () => `${base}/kernels.wasm`,
    "a Response": () => fetch(`${base}/kernels.wasm`),
    "a module": () => WebAssembly.compile(bytes),
  }; // prettier-ignore

  it.each(Object.entries(sources))("starts from %s", async (_, source) => {
    expect(await initFrom(source(), { threads: 1 })).toMatchObject({ binary: "simd", threads: 1 });
    expect(product()).toEqual([17, 39]);
  });

  it("uses threads where it has the bytes", async () => {
    expect(await initFrom(bytes, { threads: 2 })).toMatchObject({ threads: 2 });
    expect(product()).toEqual([17, 39]);
  });

  it.skipIf(!canRun("relaxed"))("distinguishes the binaries", async () => {
    const relaxed = new URL("../../build/kernels.relaxed.wasm", import.meta.url);
    expect(await initFrom(relaxed, { threads: 1 })).toMatchObject({ binary: "relaxed" });
  });

  it.each<[string, () => KernelSource, string]>([
    ["an address that gives nothing", () => `${base}/other.wasm`, "other.wasm: status 404"],
    ["a file that is not there", () => new URL("nothing.wasm", file), "nothing.wasm: "],
    ["bytes that are no module", () => Uint8Array.of(1, 2, 3), "initFrom: "],
    [
      "a module of something else",
      () => Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0),
      "initFrom: not fovea's kernels",
    ],
    ["kernels of another version", () => other(bytes), "initFrom: kernels of another version of fovea"],
  ])("refuses %s", async (_, source, message) => {
    const error = await initFrom(source()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(WasmError);
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).toMatch(/^initFrom: /);
  });

  it("refuses threads for a module, unknown options, and invalid sources", async () => {
    const module = await WebAssembly.compile(bytes);
    await expect(initFrom(module, { threads: 2 })).rejects.toThrow(
      "initFrom: a compiled module runs on one thread; got threads 2; give the file's bytes or its URL for more",
    );
    expect(await initFrom(module)).toMatchObject({ threads: 1 });
    await expect(initFrom(bytes, { binary: "simd" } as object)).rejects.toThrow(DataError);
    await expect(initFrom(5 as unknown as URL)).rejects.toThrow("initFrom: source");
  });

  it("leaves the running kernels alone when it fails", async () => {
    init({ threads: 1 });
    const x = tensor([1, 2]);
    await initFrom(Uint8Array.of(1)).catch(() => undefined);
    expect([...x.data()]).toEqual([1, 2]);
  });
});

/** The file with another fingerprint: its last letter changed. */
function other(own: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(own);
  copy[copy.length - 1]! ^= 1;
  return copy;
}
