// On how many threads the page computes, and why.

import type { ThreadsInfo } from "fovea/web";
import { part } from "./dom.js";

export function showEngine({ threads, isolated, binary, why }: ThreadsInfo): void {
  const count = threads === 1 ? "one thread" : `${threads} threads`;
  const reason = threads === 1 && !isolated ? ": this page is not cross-origin isolated, so its memory cannot be shared" : why ? `: ${why}` : ""; // prettier-ignore
  part(document, "engine").textContent = `Computes on ${count}${reason}. Kernels: ${binary}.`;
}
