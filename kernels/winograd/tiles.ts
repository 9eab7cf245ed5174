// Transforms tiles of the input and of gradients to the points, and products back.

import {
  gatherCutTile,
  gatherFullTile,
  gatherPhase,
  gatherStemTile,
  liftCutTile,
  liftFullTile,
  liftPhase,
  spreadCutTile,
  spreadFullTile,
  spreadPhase,
  spreadStemTile,
} from "./generated/transforms";
import { cutColumn, Grid, placeAhead, tilesBefore } from "./grid";
import { Outputs, placeOf, Points, setPlace, tileBytes, Tiles } from "./places";
import { firstPhase, phaseCount } from "./points";
import { Strip } from "./strip";

/** Lifts some channels, from x on, of the tile that comes `ahead` tiles after the grid's current one. */
export function liftTile(
  x: usize,
  p: Strip,
  channels: i32,
  g: Grid,
  ahead: i32,
  v: Tiles,
  scratch: usize,
): void {
  const to = placeOf(v, placeAhead(g, ahead));
  const rows = g.cut;
  const columns = cutColumn(g, g.column + ahead);
  if (rows | columns) liftCutTile(x, p, channels, v, to, rows, columns, scratch);
  else liftFullTile(x, p, channels, v, to, scratch);
}

/** The same of a gradient's current tile. */
export function spreadTile(x: usize, p: Strip, g: Grid, v: Tiles, scratch: usize): void {
  const to = placeOf(v, placeAhead(g, 0));
  const rows = g.cut;
  const columns = cutColumn(g, g.column);
  if (g.outputs == 3) spreadStemTile(x, p, p.channels, v, to, scratch);
  else if (rows | columns) spreadCutTile(x, p, p.channels, v, to, rows, columns, scratch);
  else spreadFullTile(x, p, p.channels, v, to, scratch);
}

/** Sums of the current tile's products, at m, to its outputs at y. */
export function gatherTile(o: Outputs, m: usize, y: usize, g: Grid, scratch: usize): void {
  const from = m + <usize>((placeAhead(g, 0) * o.panelChannels) << 2);
  const rows = g.cut;
  const columns = cutColumn(g, g.column);
  if (g.outputs == 3) gatherStemTile(o, from, y, scratch);
  else if (rows | columns) gatherCutTile(o, from, y, rows, columns, scratch);
  else gatherFullTile(o, from, y, scratch);
}

/** Sets the places of the current tile: of one image, or of its four phases side by side. */
function listTile(points: Points, g: Grid, v: Tiles, channels: i32, phases: bool): void {
  points.phaseBytes = phases ? (channels * v.rows) << 2 : 0;
  points.quadBytes = v.quadBytes;
  let array = v.base;
  for (let xi = 0; xi < 25; xi++) {
    const t = tilesBefore(g, xi / 5, xi % 5);
    const all = phases ? phaseCount(xi) * channels : channels;
    const bytes = v.rows == 1 ? tileBytes(all) : (v.rows * all) << 2;
    const skipped = firstPhase(xi) * points.phaseBytes;
    setPlace(points, xi, array + <usize>((t / v.rows) * bytes + (t % v.rows) * v.tileBytes - skipped));
    array += <usize>v.stepBytes;
  }
}

/** Lifts the current tile, at x: its four phases, or it as one where the strip has none. */
export function liftPhases(x: usize, p: Strip, g: Grid, v: Tiles, points: Points, scratch: usize): void {
  const phases = p.stride * p.stride;
  listTile(points, g, v, p.channels, phases > 1);
  for (let phase = 0; phase < phases; phase++) {
    liftPhase(x, p, p.channels, points, phase, g.cut, cutColumn(g, g.column), scratch);
  }
}

/** The same of a gradient. */
export function spreadPhases(x: usize, p: Strip, g: Grid, v: Tiles, points: Points, scratch: usize): void {
  listTile(points, g, v, p.channels, false);
  spreadPhase(x, p, p.channels, points, 0, g.cut, cutColumn(g, g.column), scratch);
}

/** gatherTile for products of which those of a tile's phases are phaseBytes apart, or for one of outputs without phases. */
export function gatherPhases(o: Outputs, m: usize, y: usize, g: Grid, points: Points, scratch: usize): void {
  const phases = o.stride * o.stride;
  for (let xi = 0; xi < 25; xi++) {
    const t = tilesBefore(g, xi / 5, xi % 5);
    const skipped = phases > 1 ? firstPhase(xi) * o.phaseBytes : 0;
    setPlace(points, xi, m + <usize>(xi * o.stepBytes + ((t * o.panelChannels) << 2) - skipped));
  }
  points.phaseBytes = phases > 1 ? o.phaseBytes : 0;
  for (let phase = 0; phase < phases; phase++) {
    // The first row and column of a pair are those of the odd phases.
    const row = phases > 1 && phase < 2 ? o.rowBytes : 0;
    const column = phases > 1 && !(phase & 1) ? o.pixelBytes : 0;
    gatherPhase(o, points, phase, y + <usize>(row + column), g.cut, cutColumn(g, g.column), scratch);
  }
}
