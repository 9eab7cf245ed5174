// Training and evaluation block the event loop. They let it turn now and then, so that signals, timers and a page's clicks
// are served.

import { turn } from "../core/turn.js";

/** Most milliseconds that the event loop may wait. */
const BREATH_MS = 200;

let rested = performance.now();

/** Lets the event loop turn once if that was long ago; to be awaited between steps. */
export async function breathe(): Promise<void> {
  if (performance.now() - rested <= BREATH_MS) return;
  await turn();
  rested = performance.now();
}
