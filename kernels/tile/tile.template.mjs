// Writes the micro-kernels that tile/tile.ts describes, each in four shapes: MR rows of NV vectors. Lines of one body differ in a
// row i and a vector j alone; row 1 of step(6, 2, …) is
//
//   x = v128.load32_splat(ap, 4);
//   c10 = madd(x, b0, c10);
//   c11 = madd(x, b1, c11);

/** [MR, NV] by the number of the tile. */
const SHAPES = [
  [4, 2],
  [6, 2],
  [3, 3],
  [6, 4],
];

/**
 * V8 from Node 24 on keeps the order of what is written out, and needs the fewest instructions beside the multiply-adds if four
 * steps of k are: quads6x8 takes 8 % less time than as a loop (k = 16, Intel Xeon, 2026-11). Older V8 reorders them, out of
 * registers, and takes 20 % more: tiles of other shapes are loops.
 */
const isWritten = (MR, NV) => MR === 6 && NV === 2;

/** Of rows the tall tiles are, whose eight pointers then advance once in four steps: 6×8 takes 2 to 8 % less time, 6×16 3 to 5 %. */
const isUnrolled = (MR) => MR === 6;

const list = (count, line) => Array.from({ length: count }, (_, i) => line(i)).join("\n");

const zeros = (MR, NV) => list(MR, (i) => list(NV, (j) => `let c${i}${j} = f32x4.splat(0);`));

/** Adds the row at `from` to row i of the sums; stores the row. */
const add = (NV, i, from) =>
  list(NV, (j) => `c${i}${j} = f32x4.add(v128.load(${from}, ${16 * j}), c${i}${j});`);
const put = (NV, i, to) => list(NV, (j) => `v128.store(${to}, c${i}${j}, ${16 * j});`);

/** The order in which the vectors of a row of B are loaded, found by measuring. */
const ORDER = { 2: [0, 1], 3: [1, 0, 2], 4: [1, 2, 0, 3] };

/**
 * One step of k: a row of B from `b`, `offset` bytes on; then `next`; then by a(i), lines that load x, an element of A for each
 * row of sums.
 */
const step = (MR, NV, b, offset, next, a) => `
  ${ORDER[NV].map((j) => `b${j} = v128.load(${b}, ${offset + 16 * j});`).join("\n")}
  ${next}
  ${list(MR, (i) => `${a(i)}\n${list(NV, (j) => `c${i}${j} = madd(x, b${j}, c${i}${j});`)}`)}`;

/** Declarations of a loop over steps. */
const operands = (NV) => `let x: v128;\n${list(NV, (j) => `let b${j}: v128;`)}`;

const panel = (MR, NV) => `
  const aStep = s.aStep;
  const bStep = s.bStep;
  let segments = s.segments;
  const segmentCount = s.segmentCount;
  ${zeros(MR, NV)}
  for (let n = 0; n < segmentCount; n++) {
    let ap = a + <usize>load<i32>(segments);
    let bp = b + <usize>load<i32>(segments, 4);
    const length = load<i32>(segments, 8);
    segments += 12;
    for (let k = 0; k < length; k++) {
      ${operands(NV)}
      ${step(MR, NV, "bp", 0, "bp += bStep;", (i) => `x = v128.load32_splat(ap, ${4 * i});`)}
      ap += aStep;
    }
  }
  // Tiles that reach past the matrix are computed in scratch, and the part that belongs to it is copied.
  const whole = rows >= ${MR} && columns >= ${4 * NV};
  const spare = changetype<usize>(s) + SPARE;
  const cRow = s.cRow;
  const to = whole ? c : spare;
  const step: usize = whole ? cRow : ${16 * NV};
  ${list(MR, (i) => `const to${i} = ${i ? `to${i - 1} + step` : "to"};`)}
  if (accumulate && whole) {
    ${list(MR, (i) => add(NV, i, `to${i}`))}
  }
  ${list(MR, (i) => put(NV, i, `to${i}`))}
  if (!whole) copyTile(spare, step, c, cRow, min(rows, ${MR}), min(columns, ${4 * NV}), accumulate);`;

const rows = (MR, NV) => `
  const aBase = s.aBase;
  let segments = s.segments;
  const segmentCount = s.segmentCount;
  ${zeros(MR, NV)}
  ${list(MR, (i) => `const c${i} = <usize>load<u32>(cList, ${4 * i}) + cOffset;`)}
  for (let n = 0; n < segmentCount; n++) {
    const aOffset = aBase + <usize>load<i32>(segments);
    let bp = b + <usize>load<i32>(segments, 4);
    const length = load<i32>(segments, 8);
    segments += 12;
    ${list(MR, (i) => `let a${i} = <usize>load<u32>(aList, ${4 * i}) + aOffset;`)}
    let k = length;
    ${
      isUnrolled(MR)
        ? `for (; k >= 4; k -= 4) {
      ${operands(NV)}
      ${list(4, (e) => step(MR, NV, "bp", 16 * NV * e, "", (i) => `x = v128.load32_splat(a${i}, ${4 * e});`))}
      ${list(MR, (i) => `a${i} += 16;`)}
      bp += ${64 * NV};
    }`
        : ""
    }
    for (; k > 0; k--) {
      ${operands(NV)}
      ${step(MR, NV, "bp", 0, `bp += ${16 * NV};`, (i) => `x = v128.load32_splat(a${i});\na${i} += 4;`)}
    }
  }
  // Rows that reach past the matrix are stored in scratch, and the part that belongs to it is copied.
  const whole = columns >= ${4 * NV};
  const spare = changetype<usize>(s) + SPARE;
  const accumulate = s.accumulate;
  const step: usize = ${16 * NV};
  // All is read before anything is stored: rows that do not exist repeat the last one.
  if (accumulate || bias) {
    ${list(MR, (i) => `const from${i} = accumulate ? c${i} : bias;\n${add(NV, i, `from${i}`)}`)}
  }
  if (s.adds) {
    const residual = s.residual;
    ${list(MR, (i) => add(NV, i, `c${i} + residual`))}
  }
  const high = s.high;
  if (high > 0) {
    const most = f32x4.splat(high);
    ${list(MR, (i) => list(NV, (j) => `c${i}${j} = inline.always(cut(c${i}${j}, most));`))}
  }
  ${list(MR, (i) => `const to${i} = whole ? c${i} : spare + ${i} * step;\n${put(NV, i, `to${i}`)}`)}
  if (whole) return;
  for (let r = 0; r < ${MR}; r++) {
    const to = <usize>load<u32>(cList + (r << 2)) + cOffset;
    copyTile(spare + r * step, step, to, 0, 1, columns, 0);
  }`;

const column = (MR, NV) => {
  const written = isWritten(MR, NV);
  const one = `
    ${step(MR, NV, "bp", 0, written ? "" : "bp += bStep;", (i) => `x = v128.load32_splat(ap, ${4 * i});`)}
    ap += aStep;
    ${written ? "bp += bStep;" : ""}`;
  return `
  const aStep = s.aStep;
  const bStep = s.bStep;
  const cRow = s.cRow;
  for (; tiles > 0; tiles--) {
    ${zeros(MR, NV)}
    let ap = a;
    let bp = b;
    ${operands(NV)}
    ${written ? `let p = k; for (; p >= 4; p -= 4) { ${list(4, () => one)} } for (; p > 0; p--)` : "for (let p = 0; p < k; p++)"} { ${one} }
    ${list(MR - 1, (i) => `const to${i + 1} = ${i ? `to${i}` : "c"} + cRow;`)}
    if (accumulate) {
      ${list(MR, (i) => add(NV, i, i ? `to${i}` : "c"))}
    }
    ${list(MR, (i) => put(NV, i, i ? `to${i}` : "c"))}
    c = to${MR - 1} + cRow;
    a += ${4 * MR};
  }`;
};

const quads = (MR, NV) => {
  const one = (offset, next) =>
    `${step(MR, NV, "bp", offset, next, (i) => `x = v128.load32_splat(a, ${16 * i});`)}\na += 4;`;
  return `
  for (; panels > 0; panels--) {
    ${zeros(MR, NV)}
    if (accumulate) {
      ${list(MR, (i) => list(NV, (j) => `c${i}${j} = v128.load(c, ${16 * (NV * i + j)});`))}
    }
    let bp = b;
    for (let q = 0; q < quads; q++) {
      ${operands(NV)}
      ${isWritten(MR, NV) ? list(4, (e) => one(16 * NV * e, "")) : `for (let e = 0; e < 4; e++) { ${one(0, `bp += ${16 * NV};`)} }`}
      a += ${16 * (MR - 1)};
      ${isWritten(MR, NV) ? `bp += ${64 * NV};` : ""}
    }
    a += aSkip;
    ${list(MR, (i) => list(NV, (j) => `v128.store(c, c${i}${j}, ${16 * (NV * i + j)});`))}
    c += ${16 * MR * NV};
  }`;
};

/** A function for each shape, body(MR, NV), and one that chooses. `about`: what it says of itself. */
function kernel(name, about, parameters, body) {
  const names = SHAPES.map(([MR, NV]) => `${name}${MR}x${4 * NV}`);
  const passed = parameters.replace(/: \w+/g, "");
  return `import { cut, madd } from "../../simd";
import { copyTile, Operands, SPARE } from "../tile";

${list(4, (t) => `function ${names[t]}(${parameters}): void {${body(...SHAPES[t])}\n}\n`)}
/**${about} */
export function ${name}Tile(tile: i32, ${parameters}): void {
  ${list(4, (t) => (t < 3 ? `if (tile == ${t}) ` : "") + `${names[t]}(${passed});` + (t < 3 ? " else" : ""))}
}
`;
}

export default {
  panel: kernel(
    "panel",
    `
 * One tile from A at a and B at b to C at c; rows and columns past \`rows\` and \`columns\` are computed from what lies there and
 * dropped.
`,
    "s: Operands, a: usize, b: usize, c: usize, accumulate: i32, rows: i32, columns: i32",
    panel,
  ),
  rows: kernel(
    "rows",
    `
 * One tile from MR row addresses of A (a list of u32) to MR row addresses of C, columns cOffset bytes in. Rows that do not exist repeat the
 * last address and write the same value twice. b is a packed panel. To the sums come C's old values if s says so, else bias (NR floats, or 0);
 * then what else s says.
`,
    "s: Operands, aList: usize, cList: usize, cOffset: usize, b: usize, bias: usize, columns: i32",
    rows,
  ),
  column: kernel(
    "column",
    `
 * panelTile for a column of whole tiles in one call, since the k of the weight gradient's 36 products is short and a call for each would
 * cost a tenth of it.
`,
    "s: Operands, a: usize, b: usize, k: i32, c: usize, accumulate: i32, tiles: i32",
    column,
  ),
  quads: kernel(
    "quads",
    `
 * The micro-kernel of Winograd's 36 products: c[panel][MR][NR] (+)= Σ_k a[panel][k / 4][MR][k mod 4] · b[k][NR] for all panels, k < 4·quads:
 * channels lie in fours, as the input transform writes them, so that one pointer reads A and one writes C. A long k goes in several calls,
 * each of which takes up the sums of the one before. aSkip bytes from the end of one panel's k to the next panel.
`,
    "a: usize, aSkip: i32, panels: i32, quads: i32, b: usize, c: usize, accumulate: i32",
    quads,
  ),
};
