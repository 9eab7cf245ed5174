// Notes about a dataset before it is used: files that are not in it, missing parts.

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

/** "1 file that is not a picture: a.txt". */
export const noPictures = (names: readonly string[]): string =>
  `${count(names.length, "file that is not a picture", "files that are not pictures")}: ${some(names)}`;

/** Most reasons listed individually. */
const MOST_REASONS = 8;

/** A line for each reason for which pictures were left out, the most frequent first. */
export function leftOutNotes(leftOut: readonly LeftOut[]): string[] {
  const files = new Map<string, string[]>();
  for (const { file, reason } of leftOut) {
    const same = files.get(reason);
    if (same) same.push(file);
    else files.set(reason, [file]);
  }
  const sorted = [...files].sort(([, a], [, b]) => b.length - a.length);
  const rest = sorted.slice(MOST_REASONS).flatMap(([, names]) => names);
  return [
    ...sorted
      .slice(0, MOST_REASONS)
      .map(([reason, names]) => `left out: ${count(names.length, "picture")} (${some(names)}): ${reason}`),
    ...(rest.length ? [`left out: ${count(rest.length, "picture")} for other reasons: ${some(rest)}`] : []),
  ];
}
