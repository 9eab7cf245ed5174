// Messages are short and printable, whatever a file or a user says.

import { describe, expect, it } from "vitest";
import { DataError, FoveaError, reason, short, show, ShapeError, WasmError } from "../src/errors.js";
import { UsageError } from "../src/node/usage-error.js";

const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/;

describe("errors", () => {
  it.each([DataError, ShapeError, WasmError, UsageError])("%o is one of fovea's", (Type) => {
    expect(new Type("x")).toBeInstanceOf(FoveaError);
  });

  it("have no control characters, however they come in", () => {
    const { message } = new DataError("a\x1b[31mred\nline\0\u202egnp.exe\u009b2J\ud800: bad");
    expect(message).toBe("a\\u001b[31mred\\nline\\u0000\\u202egnp.exe\\u009b2J\\ud800: bad");
    expect(new DataError(message).message).toBe(message); // as when it comes from a worker
  });

  it("cut endless words in the middle, and endless messages", () => {
    const path = `/data/${"x".repeat(5000)}/end.jpg`;
    const { message } = new DataError(`${path}: cannot be read`);
    expect(message).toMatch(/^\/data\/x+…x+\/end\.jpg: cannot be read$/);
    expect(message.length).toBeLessThan(220);
    expect(new DataError("word ".repeat(1e6)).message.length).toBeLessThanOrEqual(2000);
  });
});

describe("show", () => {
  const circle: unknown[] = [];
  circle.push(circle);
  let deep: unknown = 1;
  for (let i = 0; i < 200_000; i++) deep = i % 2 ? [deep] : { a: deep };
  it.each([
    ["text", 'a"b\n', '"a\\"b\\n"'],
    ["a list", [1, "b", null, [true]], '[1,"b",null,[true]]'],
    ["an object", { a: 1, b: [2] }, '{"a":1,"b":[2]}'],
    ["what JSON does not know", [NaN, undefined, 5n, () => 1], "[NaN,undefined,5,a function]"],
    ["an object of a class", new Map([[1, 2]]), "{…}"],
    ["what leads back to itself", circle, "[[[[…]]]]"],
    ["an own __proto__", JSON.parse('{"__proto__":1}'), '{"__proto__":1}'],
    ["what is 200,000 deep", deep, '[{"a":[{…}]}]'],
  ])("gives %s", (_, value, text) => expect(show(value)).toBe(text));

  it.each([
    ["text", "x\x1b".repeat(1e6)],
    ["a list", Array.from({ length: 1e6 }, (_, i) => i)],
    ["an object", Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => [`key ${i}`, i]))],
    ["long keys", { ["k".repeat(1e6)]: "v".repeat(1e6) }],
  ])("of long %s is short and printable", (_, value) => {
    const begin = performance.now();
    expect(show(value).length).toBeLessThan(1300); // 200 characters, escaped
    expect(short(value).length).toBeLessThan(1300);
    expect(show(value)).not.toMatch(CONTROL);
    expect(performance.now() - begin).toBeLessThan(2000);
  });
});

it("reason leaves out the path, which the message names already", () => {
  const error = Object.assign(new Error("ENOENT: no such file or directory, open '/a/b'"), {
    syscall: "open",
  });
  expect(reason(error)).toBe("ENOENT: no such file or directory");
  expect(reason("why")).toBe("why");
});
