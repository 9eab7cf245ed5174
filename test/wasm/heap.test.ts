import { afterEach, describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { DataError, WasmError } from "../../src/errors.js";
import { conv2d, tensor, tidy, zeros } from "../../src/index.js";
import { Heap } from "../../src/wasm/heap.js";
import { init, memoryStats, runtime } from "../../src/wasm/runtime.js";

const PAGE = 65536;

function heapOf(pages: number, limitPages = pages): Heap {
  return new Heap(new WebAssembly.Memory({ initial: pages, maximum: 65536 }), limitPages * PAGE);
}

const label = (): string => "test";

describe("Heap", () => {
  it("gives aligned blocks that do not overlap and keep what is written, over 20,000 random calls", () => {
    const heap = heapOf(16, 512);
    const random = new Random(3);
    const live = new Map<number, { bytes: number; mark: number }>();
    const check = (address: number): void => {
      const { bytes, mark } = live.get(address)!;
      expect(heap.u8(address, bytes).every((byte) => byte === mark)).toBe(true);
    };
    for (let i = 0; i < 20_000; i++) {
      if (live.size < 20 || (live.size < 60 && random.integer(2))) {
        const bytes = random.integer(2 ** random.integer(17));
        const address = heap.alloc(bytes, label);
        expect(address % 64).toBe(0);
        const mark = random.integer(256);
        heap.u8(address, bytes).fill(mark);
        live.set(address, { bytes, mark });
      } else {
        const address = [...live.keys()][random.integer(live.size)]!;
        check(address);
        heap.free(address);
        live.delete(address);
      }
    }
    for (const address of live.keys()) check(address);
    for (const address of live.keys()) heap.free(address);
    expect(heap.stats()).toMatchObject({ bytesInUse: 0, blocks: 0 });
  });

  it("merges free neighbours: after many small blocks one large one fits without growing", () => {
    const heap = heapOf(16);
    const blocks = Array.from({ length: 200 }, () => heap.alloc(4000, label));
    for (const i of new Random(1).permutation(200)) heap.free(blocks[i]!);
    heap.free(heap.alloc(15 * PAGE, label));
    expect(heap.stats().reservedBytes).toBe(16 * PAGE);
  });

  it("reuses a freed block of the same size", () => {
    const heap = heapOf(4);
    const a = heap.alloc(1000, label);
    heap.alloc(1000, label);
    heap.free(a);
    expect(heap.alloc(1000, label)).toBe(a);
  });

  it("grows when nothing fits, and keeps what it held", () => {
    const heap = heapOf(1, 1024);
    const a = heap.alloc(100, label);
    heap.u8(a, 100).fill(7);
    const b = heap.alloc(40 * PAGE, label);
    heap.u8(b, 40 * PAGE).fill(9);
    expect(heap.u8(a, 100).every((byte) => byte === 7)).toBe(true);
  });

  it("counts bytes in use and at most", () => {
    const heap = heapOf(4);
    const a = heap.alloc(64, label);
    const b = heap.alloc(0, label);
    expect(heap.stats()).toMatchObject({ bytesInUse: 192, peakBytes: 192, blocks: 2 });
    heap.free(a);
    heap.free(b);
    expect(heap.stats()).toMatchObject({ bytesInUse: 0, peakBytes: 192, blocks: 0 });
  });

  it("refuses to free what is not allocated", () => {
    const heap = heapOf(1);
    const a = heap.alloc(1, label);
    heap.free(a);
    expect(() => heap.free(a)).toThrow(new WasmError(`free: no block at address ${a}`));
  });

  it("frees scratch also when its user throws", () => {
    const heap = heapOf(1);
    const fail = (): never => {
      throw new Error("user");
    };
    expect(() => heap.scratch(100, "test", fail)).toThrow("user");
    expect(heap.bytesInUse).toBe(0);
  });
});

describe("words of a heap", () => {
  const all = (heap: Heap, address: number, n: number): number[] => [...heap.i32(address, n)];

  it("lie side by side while calls are nested, and stay when the memory grows", () => {
    const heap = heapOf(1, 64);
    heap.words(
      3,
      () => [1, 2, 3],
      "outer",
      (outer) => {
        heap.words(
          2,
          () => [4, 5],
          "inner",
          (inner) => {
            expect(inner).toBe(outer + 12);
            const { buffer } = heap.memory;
            heap.alloc(2 ** 20, label);
            expect(heap.memory.buffer).not.toBe(buffer);
            expect(all(heap, inner, 2)).toEqual([4, 5]);
          },
        );
        heap.words(
          1,
          () => [6],
          "next",
          (next) => expect(next).toBe(outer + 12),
        );
        expect(all(heap, outer, 3)).toEqual([1, 2, 3]);
      },
    );
  });

  it("that are too many for their place lie in a block, which is freed", () => {
    const heap = heapOf(4);
    const many = Array.from({ length: 5000 }, (_, i) => i - 2500);
    heap.words(
      many.length,
      () => many,
      "many",
      (address) => expect(all(heap, address, many.length)).toEqual(many),
    );
    expect(heap.bytesInUse).toBe(0);
  });

  it("give their place back when their user throws", () => {
    const heap = heapOf(1);
    const place = heap.words(
      1,
      () => [1],
      "first",
      (address) => address,
    );
    const fail = (): never => {
      throw new Error("user");
    };
    expect(() => heap.words(2, () => [1, 2], "test", fail)).toThrow("user");
    expect(
      heap.words(
        1,
        () => [1],
        "again",
        (address) => address,
      ),
    ).toBe(place);
  });
});

describe("the runtime", () => {
  afterEach(() => void init());

  it("refuses a limit below one page", () => {
    for (const maxBytes of [65535, 0, -1, NaN]) {
      expect(() => init({ maxBytes })).toThrow(
        new DataError(`init: maxBytes must be at least 65536; got ${maxBytes}`),
      );
    }
  });

  it("says which operation ran out of memory, its shape, and the bytes asked and in use", () => {
    init({ maxBytes: 4 * 2 ** 20 });
    expect(() => zeros([1024, 1024])).toThrow(
      new WasmError(
        "zeros f32:[1024,1024]: out of memory; requested 4,194,304 bytes, in use 0 of at most 4,194,304",
      ),
    );
    const x = zeros([1, 64, 64, 64]);
    const weight = zeros([3, 3, 64, 256]);
    expect(() => tidy(() => conv2d(x, weight).data())).toThrow(
      /^conv2d f32:\[1,62,62,256\]: out of memory; requested 3,936,256 bytes, in use/,
    );
  });

  it("frees what an operation had allocated when it runs out half-way", () => {
    init({ maxBytes: 4 * 2 ** 20, tile: 0 });
    const x = zeros([1, 64, 64, 8]);
    const weight = zeros([3, 3, 8, 248]);
    const before = memoryStats().bytesInUse;
    expect(() => tidy(() => conv2d(x, weight).data())).toThrow(WasmError);
    expect(memoryStats().bytesInUse).toBe(before);
  });

  it("refuses unknown binaries, also from the environment", () => {
    expect(() => init({ binary: "avx" as "simd" })).toThrow(
      new DataError("init: unknown binary 'avx'; known: relaxed, simd"),
    );
    process.env["FOVEA_BINARY"] = "sse";
    expect(() => init()).toThrow(new DataError("init: unknown binary 'sse'; known: relaxed, simd"));
    process.env["FOVEA_BINARY"] = "simd";
    expect(init().binary).toBe("simd");
    delete process.env["FOVEA_BINARY"];
  });

  it("picks a tile that exists, and starts again with init", () => {
    init();
    expect([0, 1, 2]).toContain(runtime().tile);
    const x = tensor([1, 2]);
    expect(memoryStats().bytesInUse).toBeGreaterThan(0);
    init();
    expect(memoryStats().bytesInUse).toBe(0);
    expect(() => x.data()).toThrow(WasmError);
  });
});
