// A list of classes with a bar for each.

import type { Label } from "fovea";
import { make, percent } from "./dom.js";

/** inOrder: classes keep their places from picture to picture, and the likeliest is marked. */
export function showAnswers(list: HTMLElement, labels: readonly Label[], inOrder = false): void {
  const rows = inOrder ? [...labels].sort((a, b) => a.index - b.index) : labels;
  list.classList.toggle("in-order", inOrder);
  list.replaceChildren(
    ...rows.map((each) => {
      const name = make("span", { textContent: each.label, title: each.label });
      const row = make("li", {}, name, make("span", { textContent: percent(each.probability) }));
      row.style.setProperty("--share", String(each.probability));
      row.classList.toggle("best", each === labels[0]);
      return row;
    }),
  );
}
