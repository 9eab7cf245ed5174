// What is to be said of a dataset before it is used: files that are not in it, parts that are not there.

import type { LeftOut } from "../../data/index.js";

/** A few of many names: "a, b, c and 7 more". */
export function some(names: readonly string[], most = 3): string {
  if (names.length <= most + 1) return names.join(", ");
  return `${names.slice(0, most).join(", ")} and ${(names.length - most).toLocaleString("en")} more`;
}

/** "1 file", "12 files". */
export function count(n: number, what: string, many = `${what}s`): string {
  return `${n.toLocaleString("en")} ${n === 1 ? what : many}`;
}

/** A line for each reason for which pictures were left out. */
export function leftOutNotes(leftOut: readonly LeftOut[]): string[] {
  const files = new Map<string, string[]>();
  for (const { file, reason } of leftOut) files.set(reason, [...(files.get(reason) ?? []), file]);
  return [...files].map(
    ([reason, names]) => `left out: ${count(names.length, "picture")} (${some(names)}): ${reason}`,
  );
}
