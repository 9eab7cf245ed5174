// Engines that compile no WebAssembly from bytes: workerd, and pages whose content security policy forbids it.

import { afterEach, expect, it, vi } from "vitest";
import jpeg from "jpeg-js";
import { decodeActive } from "../../../src/data/index.js";
import { decodeImage, init, jpegJsDecoder, setDecoder } from "../../../src/index.js";

afterEach(() => {
  vi.unstubAllGlobals();
  setDecoder(undefined);
});

it("says how JPEG is decoded where kernels cannot be started", () => {
  init({ threads: 1 });
  const bytes = jpeg.encode({ width: 8, height: 8, data: new Uint8Array(256).fill(90) }, 90).data;
  const { CompileError } = WebAssembly;
  class Refused {
    constructor() {
      throw new CompileError("Wasm code generation disallowed by embedder");
    }
  }
  vi.stubGlobal("WebAssembly", { Module: Refused, Memory: WebAssembly.Memory });
  expect(() => decodeImage(bytes, { file: "a.jpg" })).toThrow(
    "decodeImage: cannot start the JPEG decoder: CompileError: Wasm code generation disallowed by embedder; where an engine compiles no bytes, setDecoder(jpegJsDecoder()) decodes without them",
  );
  setDecoder(jpegJsDecoder());
  expect(decodeActive(bytes, { file: "a.jpg" })).toMatchObject({ width: 8, height: 8, channels: 3 });
});
