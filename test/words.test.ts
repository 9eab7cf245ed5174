// A few of the phrases in CONTRIBUTING.md, "Words", that are never right: comments, messages, names of tests and documentation.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const FOLDERS = ["src", "kernels", "benchmarks", "docs", "examples", "findings", "packaging", "test"];
const SKIP = new Set([
  "node_modules",
  "generated",
  "binaries.ts",
  "table.ts",
  "worker-text.ts",
  "words.test.ts",
]);
/** What may follow "a training". */
const NOUNS = "run|step|loop|set|image|picture|batch|part|crop|chain|pass|script";

const PHRASES: readonly [pattern: RegExp, instead: string][] = [
  [/\bso many\b/i, "this many, that many, or the number"],
  [new RegExp(`\\ba training\\b(?! (${NOUNS}))`, "i"), "a training run, training"],
  [/\btrainings\b/i, "training runs"],
  [/(?<!\b(some|any|every|no)(thing|where|one|body)|\b(what|who|where)) else[.;](\s|$)/, "otherwise"],
  [/\bwhoever\b/i, "code that …, callers, the next …"],
  [/\bunless (told|said)\b/i, "unless specified otherwise, by default"],
  [/\bto speak of\b/i, "hardly any …"],
];

function* filesIn(folder: string): Generator<string> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (SKIP.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else if (/\.(ts|mjs|md|py|html|css|sh)$/.test(entry.name)) yield path;
  }
}

/** "path:line: phrase; use …" for every phrase in a text. */
function offences(path: string, text: string): string[] {
  return text
    .split("\n")
    .flatMap((line, i) =>
      PHRASES.flatMap(([pattern, instead]) =>
        pattern.test(line) ? [`${path}:${i + 1}: ${pattern.exec(line)![0].trim()}; use ${instead}`] : [],
      ),
    );
}

it("no text has a phrase that the word list replaces", () => {
  const paths = ["README.md", "CHANGELOG.md", ...FOLDERS.flatMap((folder) => [...filesIn(folder)])];
  expect(paths.length).toBeGreaterThan(500);
  expect(paths.flatMap((path) => offences(path, readFileSync(join(root, path), "utf8")))).toEqual([]);
});

it("the phrases are found", () => {
  const texts = [
    "after so many steps",
    "resumes a training",
    "two trainings",
    "2 if set, 3 else.",
    "whoever asks",
  ];
  for (const text of texts) expect(offences("x", text)).toHaveLength(1);
  const fine = ["this many steps", "a training run", "and nothing else.", "nowhere else.", "a training step"];
  for (const text of fine) expect(offences("x", text)).toEqual([]);
});
