// What a JPEG's Huffman tables and scan headers must be (ITU-T T.81, B.2.3, B.2.4.2, C.2, G.1.1.1): as libjpeg, and so Pillow, requires
// (jdhuff.c, jdphuff.c, jdmarker.c of https://github.com/libjpeg-turbo/libjpeg-turbo). A decoder that accepts others turns them into noise.

interface Component {
  readonly id: number;
  readonly h: number;
  readonly v: number;
}

type Fail = (what: string) => never;

const TABLES = 4;
const MOST_CODES = 256;
/** The largest category of a DC difference of 8-bit samples, as libjpeg has it. */
const MOST_DC = 15;
/** Blocks of an interleaved unit. */
const MOST_BLOCKS = 10;

export class ScanChecker {
  readonly #fail: Fail;
  /** The problem with a table, if any, by its class and number: reported when a scan uses it. */
  readonly #tables = new Map<number, string | undefined>();

  /** Tables since the last call of newTables(), by key: the last of each. */
  readonly #new = new Map<number, Uint8Array>();

  constructor(fail: Fail) {
    this.#fail = fail;
  }

  /** The contents of a DHT segment. */
  tables(data: Uint8Array): void {
    let at = 0;
    while (data.length - at > 16) {
      const key = data[at]!;
      const counts = data.subarray(at + 1, at + 17);
      const codes = counts.reduce((sum, n) => sum + n, 0);
      at += 17;
      if (key >> 4 > 1 || (key & 15) >= TABLES)
        this.#fail(`damaged JPEG; got Huffman table ${key}; expected 0…3, 16…19`);
      if (codes > MOST_CODES || codes > data.length - at)
        this.#fail(`damaged JPEG; got ${codes} Huffman codes; expected fewer`);
      const problem =
        codesProblem(counts) ?? (key < TABLES ? categoryProblem(data.subarray(at, at + codes)) : undefined);
      this.#tables.set(key, problem);
      at += codes;
      this.#new.set(key, data.subarray(at - codes - 17, at));
    }
    if (at !== data.length)
      this.#fail(`damaged JPEG; got ${data.length - at} bytes after the last Huffman table`);
  }

  /** The tables since the last call, each as the contents of a DHT segment. */
  newTables(): Uint8Array[] {
    const tables = [...this.#new.values()];
    this.#new.clear();
    return tables;
  }

  /** The contents of an SOS segment. */
  scan(data: Uint8Array, components: readonly Component[], progressive: boolean): void {
    const count = data[0] ?? 0;
    if (count < 1 || count > 4 || data.length !== 4 + 2 * count) {
      this.#fail(`damaged JPEG; got a scan header of ${data.length} bytes for ${count} components`);
    }
    const [first, last, approximation] = data.subarray(1 + 2 * count) as unknown as [number, number, number];
    if (progressive) this.#band(count, first, last, approximation >> 4, approximation & 15);
    const seen = new Set<number>();
    let blocks = 0;
    for (let i = 0; i < count; i++) {
      const [id, tables] = data.subarray(1 + 2 * i) as unknown as [number, number];
      const component = components.find((c) => c.id === id);
      if (!component || seen.has(id))
        this.#fail(`damaged JPEG; got component ${id} in a scan; expected the frame's, each once`);
      seen.add(id);
      blocks += component!.h * component!.v;
      if (!progressive || (first === 0 && approximation >> 4 === 0)) this.#use(tables >> 4);
      if (!progressive || first > 0) this.#use(16 + (tables & 15));
    }
    if (count > 1 && blocks > MOST_BLOCKS)
      this.#fail(`damaged JPEG; got units of ${blocks} blocks; expected at most ${MOST_BLOCKS}`);
  }

  /** The coefficients, and the bits of them, in a progressive scan. */
  #band(count: number, first: number, last: number, before: number, bit: number): void {
    const coefficients = first === 0 ? last === 0 : first <= last && last < 64 && count === 1;
    const bits = bit <= 13 && (before === 0 || bit === before - 1);
    if (coefficients && bits) return;
    this.#fail(
      `damaged JPEG; got a scan of coefficients ${first}…${last}, bits ${before} and ${bit}, of ${count} components`,
    );
  }

  #use(key: number): void {
    if ((key & 15) >= TABLES)
      this.#fail(`damaged JPEG; got a scan with Huffman table ${key & 15}; expected 0…3`);
    const problem = this.#tables.get(key);
    if (problem !== undefined) this.#fail(`damaged JPEG; ${problem}`);
  }
}

/** Codes are given in order of their lengths; each must fit its length, and none may consist only of ones. */
function codesProblem(counts: Uint8Array): string | undefined {
  const longest = counts.findLastIndex((n) => n > 0);
  let code = 0;
  for (let i = 0; i <= longest; i++) {
    code += counts[i]!;
    if (code >= 2 ** (i + 1) && code > 0) return `got more Huffman codes of ${i + 1} bits than there are`;
    code *= 2;
  }
  return undefined;
}

function categoryProblem(symbols: Uint8Array): string | undefined {
  const bad = symbols.find((symbol) => symbol > MOST_DC);
  return bad === undefined
    ? undefined
    : `got category ${bad} of a DC difference; expected at most ${MOST_DC}`;
}
