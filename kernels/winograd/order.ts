// Where the tiles of a block stand among each other. Where an image's height or width is no multiple of 4, its last row or
// column of tiles is short: it has three, two or one outputs in that direction and needs only five or four of the six
// points (winograd/short.ts). A point that short tiles skip multiplies the others alone, so tiles stand in the order
//
//   short columns | full | short rows | both short
//
// where every point has one stretch: all, the first two, or the middle two, or the full ones.

/** How many points fewer a short tile needs: 0 for a size that is a multiple of 4, 1 for three outputs, 2 for two or one. */
export function shortOf(size: i32): i32 {
  const rest = size & 3;
  return rest == 0 ? 0 : rest == 3 ? 1 : 2;
}

/** Whether a tile that is `short` points short does without point p: −2 first, then 2. */
export function skips(short: i32, p: i32): bool {
  return p < 5 && p >= 5 - short;
}

/** The grid of tiles of a stack of images, and where a block of them stands. */
@unmanaged
export class Order {
  tilesHigh: i32 = 0;
  tilesWide: i32 = 0;
  /** Points that the last row and the last column of an image do without. */
  shortRows: i32 = 0;
  shortColumns: i32 = 0;
  /** Where the next tile of each kind goes. */
  nextColumn: i32 = 0;
  nextFull: i32 = 0;
  nextRow: i32 = 0;
  nextBoth: i32 = 0;
  /** Full tiles: fullBegin ≤ t < fullEnd; those of short rows follow up to rowsEnd, then those short in both up to end. */
  fullBegin: i32 = 0;
  fullEnd: i32 = 0;
  rowsEnd: i32 = 0;
  end: i32 = 0;
}

/** Bytes of an Order. */
export const ORDER_BYTES: usize = 64;

/** Sets the grid for outputs of so many rows and columns. */
export function gridOf(o: Order, outHeight: i32, outWidth: i32): void {
  o.tilesHigh = (outHeight + 3) >> 2;
  o.tilesWide = (outWidth + 3) >> 2;
  o.shortRows = shortOf(outHeight);
  o.shortColumns = shortOf(outWidth);
}

/** Rows of tiles, of all images before tile number `tile`, that are full in height. */
function fullRows(o: Order, tile: i32): i32 {
  const row = tile / o.tilesWide;
  if (o.shortRows == 0) return row;
  const image = row / o.tilesHigh;
  return image * (o.tilesHigh - 1) + min(row - image * o.tilesHigh, o.tilesHigh - 1);
}

/** Tiles before number `tile` that are full (or short) in height and full (or short) in width. */
function before(o: Order, tile: i32, shortRow: i32, shortColumn: i32): i32 {
  const row = tile / o.tilesWide;
  const column = tile - row * o.tilesWide;
  const full = fullRows(o, tile);
  const isShort = i32(o.shortRows != 0 && row % o.tilesHigh == o.tilesHigh - 1);
  const rows = shortRow ? row - full : full;
  const wide = o.tilesWide - i32(o.shortColumns != 0);
  if (shortColumn) return o.shortColumns ? rows : 0;
  return rows * wide + (isShort == shortRow ? min(column, wide) : 0);
}

/** Starts the block of tiles first ≤ t < first + count. */
export function startBlock(o: Order, first: i32, count: i32): void {
  const last = first + count;
  o.nextColumn = 0;
  o.fullBegin = o.nextFull = before(o, last, 0, 1) - before(o, first, 0, 1);
  o.fullEnd = o.nextRow = o.fullBegin + before(o, last, 0, 0) - before(o, first, 0, 0);
  o.rowsEnd = o.nextBoth = o.fullEnd + before(o, last, 1, 0) - before(o, first, 1, 0);
  o.end = o.rowsEnd + before(o, last, 1, 1) - before(o, first, 1, 1);
}

/** Goes on to tile number `first` of a block that holds all tiles. */
export function moveTo(o: Order, first: i32): void {
  o.nextColumn = before(o, first, 0, 1);
  o.nextFull = o.fullBegin + before(o, first, 0, 0);
  o.nextRow = o.fullEnd + before(o, first, 1, 0);
  o.nextBoth = o.rowsEnd + before(o, first, 1, 1);
}

/** Points that the tile in this row of its image, and in this column, does without. */
export function shortRow(o: Order, i: i32): i32 {
  return i == o.tilesHigh - 1 ? o.shortRows : 0;
}

export function shortColumn(o: Order, j: i32): i32 {
  return j == o.tilesWide - 1 ? o.shortColumns : 0;
}

/** The place of the next tile of the block, which is so short. */
export function place(o: Order, rows: i32, columns: i32): i32 {
  if (rows) return columns ? o.nextBoth++ : o.nextRow++;
  return columns ? o.nextColumn++ : o.nextFull++;
}

/** The place of a tile in the row of tiles that is next, after `ahead` others of that row, the last of which alone may be short. */
export function placeAhead(o: Order, rows: i32, columns: i32, ahead: i32): i32 {
  if (rows) return columns ? o.nextBoth : o.nextRow + ahead;
  return columns ? o.nextColumn : o.nextFull + ahead;
}

/** The stretch firstOf ≤ t < endOf of the block's tiles that have the point (p, q). */
export function firstOf(o: Order, q: i32): i32 {
  return skips(o.shortColumns, q) ? o.fullBegin : 0;
}

export function endOf(o: Order, p: i32, q: i32): i32 {
  if (skips(o.shortRows, p)) return o.fullEnd;
  return skips(o.shortColumns, q) ? o.rowsEnd : o.end;
}
