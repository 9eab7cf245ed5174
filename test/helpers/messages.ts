// The errors that src/ops may throw, read from its sources.

import { readdirSync, readFileSync } from "node:fs";

/** The messages in src/ops, as patterns: whatever is filled in may be anything. */
export function messagesInSource(): RegExp[] {
  const folder = new URL("../../src/ops/", import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  const source = files.map((file) => readFileSync(new URL(file, folder), "utf8"));
  const places = source.join("\n").matchAll(/(?:Error|fail)\(\s*(["`])(.*?)\1/g);
  return [...places].map(([, , text]) => {
    const fixed = text!
      .split(/\$\{(?:[^{}]|\{[^{}]*\})*\}/)
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`(^|: )${fixed.join(".*")}`);
  });
}
