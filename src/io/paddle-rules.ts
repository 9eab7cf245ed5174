// Rules for the names here of the modules in Paddle's networks.

/** A pattern in a path, and its replacement: a text, or a function of the groups. */
export type Rule = readonly [RegExp, string | ((...groups: string[]) => string)];

/** Networks of one kind: module names in their files, and here. Paths go through plain() first. */
export interface PaddleSeries {
  /** A module that only such files have. */
  readonly file: RegExp;
  /** Beginnings of paths that are numbered consecutively, there and here: the first matches the first, whatever the numbers. */
  readonly counted?: readonly (readonly [theirs: RegExp, ours: RegExp])[];
  /** Applied one after the other, each to the result of the previous rule. */
  readonly rules: readonly Rule[] | ((own: readonly string[]) => readonly Rule[]);
  /** Modules that the model does not need. */
  readonly left?: RegExp;
  /** Weights that are a linear layer there and a 1×1 convolution here, or the other way round, and their axes here. */
  readonly axes?: readonly [weights: RegExp, axes: 2 | 4];
  /** Whether torchvision's networks have such files, too: those of paddle.vision. */
  readonly vision?: boolean;
}

/** paddle.vision's pairs of a convolution and its normalisation. */
export const NUMBERED: readonly Rule[] = [
  [/\.0$/, ".conv"],
  [/\.1$/, ".bn"],
];

export const next = (digit: string | undefined, by = 1): number => Number(digit) + by;

/** A path without what only some of PaddleClas's authors write: _ at the beginning, batch_norm, a convolution alone in its module. */
export const plain = (path: string): string =>
  path
    .replace(/(^|\.)_+/g, "$1")
    .replace(/(^|\.)batch_norm$/, "$1bn")
    .replace(/(^|\.)conv(\.conv)+(?=\.|$)/, "$1conv")
    .replace(/(^|\.)conv\.bn$/, "$1bn");

/** Beginnings of paths that match, each once: in the order of their numbers, those without numbers last. */
function inTurn(paths: readonly string[], pattern: RegExp, sorted: boolean): string[] {
  const found = [...new Set(paths.flatMap((path) => pattern.exec(path)?.[0] ?? []))];
  const numbers = (path: string): number[] => (path.match(/\d+/g) ?? [Infinity]).map(Number);
  const order = (a: string, b: string): number => {
    const [left, right] = [numbers(a), numbers(b)];
    const i = left.findIndex((n, k) => n !== right[k]);
    return i < 0 ? left.length - right.length : left[i]! - (right[i] ?? -1);
  };
  return sorted ? found.sort(order) : found;
}

/** Names of the same part of a network in different models: rules end in the names before the arrows. */
const BY_MODEL: readonly ((path: string, has: (path: string) => boolean) => string)[] = [
  // stem.0.conv … stem.2.bn → conv1, bn1, or where it has three convolutions conv1.0 … bn1
  (path, has) =>
    path.replace(/^stem\.(\d)\.(conv|bn)$/, (_, i: string, kind: string) => {
      const three = has("conv1.0");
      if (kind === "conv") return three ? `conv1.${3 * Number(i)}` : "conv1";
      return three && i !== "2" ? `conv1.${3 * Number(i) + 1}` : "bn1";
    }),
  // ….downsample.conv → ….downsample.0, or 1 where a pooling comes before it
  (path, has) =>
    path.replace(/^(.*\.downsample)\.(conv|bn)$/, (_, at: string, kind: string) => {
      return `${at}.${(has(`${at}.0`) ? 0 : 1) + (kind === "bn" ? 1 : 0)}`;
    }),
  // ….expand.conv, depthwise, project, norm0 … norm2 → conv_pw, bn1 and so on, by those that there are
  (path, has) => {
    const [, block, part, kind, rest = ""] =
      /^(blocks\.\d+\.\d+)\.(expand|depthwise|project|norm\d)(?:\.(conv|bn)(\.\d+)?)?$/.exec(path) ?? [];
    if (block === undefined) return path;
    if (has(`${block}.conv`)) return `${block}.${kind === "conv" ? "conv" : "bn1"}`;
    if (part!.startsWith("norm")) return `${block}.bn${next(part!.slice(4))}`;
    const parts = has(`${block}.conv_exp`)
      ? { expand: "conv_exp", project: "conv_pwl" }
      : has(`${block}.bn3`)
        ? { expand: "conv_pw", depthwise: "conv_dw", project: "conv_pwl" }
        : { depthwise: "conv_dw", project: "conv_pw" };
    const at = Object.keys(parts).indexOf(part!);
    return `${block}.${kind === "conv" ? Object.values(parts)[at] + rest : `bn${at + 1}`}`;
  },
];

/** The model's modules for those of a file of the series. `paths`: the file's, `own`: the model's. */
export function renamed(
  { counted = [], rules }: PaddleSeries,
  paths: readonly string[],
  own: readonly string[],
): Map<string, string> {
  const known = new Set(own);
  const all = paths.map(plain);
  const pairs = counted.map(([theirs, ours]) => {
    const here = inTurn(own, ours, false);
    return [theirs, new Map(inTurn(all, theirs, true).map((begin, i) => [begin, here[i]]))] as const;
  });
  const modules = new Map<string, string>();
  const steps = typeof rules === "function" ? rules(own) : rules;
  paths.forEach((path, i) => {
    let to = all[i]!;
    for (const [theirs, begins] of pairs) to = to.replace(theirs, (begin) => begins.get(begin) ?? begin);
    for (const [pattern, by] of steps) {
      to = typeof by === "string" ? to.replace(pattern, by) : to.replace(pattern, (_, ...groups: string[]) => by(...groups)); // prettier-ignore
    }
    for (const choose of BY_MODEL) if (!known.has(to)) to = choose(to, (name) => known.has(name));
    if (known.has(to)) modules.set(path, to);
  });
  return modules;
}
