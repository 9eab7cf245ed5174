// The known name that an unknown one probably stands for.

/** Longer names are not compared: they are not typing errors. */
const LONGEST = 64;

/** Names without case and dashes, for comparing: "num_classes" is "numClasses". */
const plain = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

/**
 * Letters to insert, remove, replace, or swap with their neighbours to turn one text into the other.
 * F. J. Damerau, A technique for computer detection and correction of spelling errors (1964), each place changed once.
 */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      }
      row.push(least);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/** The known name nearest to `got`: at most a third of its letters differ, or it is the only one with this beginning. */
export function nearest(got: string, known: Iterable<string>): string | undefined {
  const own = plain(String(got)); // callers from JavaScript may pass anything
  if (own === "" || own.length > LONGEST) return undefined;
  let best: { name: string; far: number } | undefined;
  const begun: string[] = [];
  for (const name of known) {
    const other = plain(name);
    if (own.length >= 3 && other.startsWith(own)) begun.push(name);
    if (other.length > LONGEST) continue;
    const far = distance(own, other);
    if (
      far <= Math.max(1, Math.floor(Math.max(own.length, other.length) / 3)) &&
      far < (best?.far ?? Infinity)
    )
      best = { name, far };
  }
  if (best && best.far < Math.max(own.length, 2)) return best.name;
  return begun.length === 1 ? begun[0] : undefined;
}

/** For the end of a message about an unknown name: "did you mean sgd? known: adam, sgd". */
export function knownNames(got: string, known: readonly string[]): string {
  const meant = nearest(got, known);
  return `${meant === undefined ? "" : `did you mean ${meant}? `}known: ${known.join(", ")}`;
}
