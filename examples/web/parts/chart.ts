// A line chart of one or two curves over time, as SVG.

const NS = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [420, 180, 44, 24, 18];

export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

function node(tag: string, attributes: Record<string, string | number>, text?: string): SVGElement {
  const element = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

/** The largest of 1, 2, 5 × 10ⁿ that leaves at least three steps to `end`. */
function stepOf(end: number): number {
  const power = 10 ** Math.floor(Math.log10(end || 1));
  return ([5, 2, 1, 0.5, 0.2].find((each) => end / power / each >= 3) ?? 0.2) * power;
}

/** title: what the y axis says. format: how its numbers are written. end: the least height of the axis. */
export function chart(
  title: string,
  curves: readonly Curve[],
  {
    end = 0,
    format = String,
    xTitle = "",
  }: { end?: number; format?: (y: number) => string; xTitle?: string } = {},
): SVGElement {
  const points = curves.flatMap((curve) => curve.points);
  const right = Math.max(1, ...points.map(([x]) => x));
  const top = Math.max(end, ...points.map(([, y]) => y)) || 1;
  const x = (value: number): number => LEFT + (value / right) * (WIDTH - LEFT - 10);
  const y = (value: number): number => HEIGHT - BOTTOM - (value / top) * (HEIGHT - BOTTOM - TOP);
  const last = curves.map(({ name, points: all }) => `${name} ${all.length ? format(all.at(-1)![1]) : "–"}`);
  const label = `${title}: ${last.join(", ")}`;
  const svg = node("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    class: "chart",
    role: "img",
    "aria-label": label,
  });
  const step = stepOf(top);
  for (let tick = 0; tick <= top * 1.0001; tick += step) {
    svg.append(
      node("line", { class: "grid", x1: LEFT, x2: WIDTH - 10, y1: y(tick), y2: y(tick) }),
      node("text", { x: LEFT - 6, y: y(tick) + 4, "text-anchor": "end" }, format(tick)),
    );
  }
  curves.forEach(({ name, points: all }, i) => {
    const path = all
      .map(([px, py], at) => `${at ? "L" : "M"}${x(px).toFixed(1)} ${y(py).toFixed(1)}`)
      .join("");
    svg.append(node("path", { class: i ? "line second" : "line", d: path }));
    const [lastX, lastY] = all.at(-1) ?? [];
    if (lastX !== undefined)
      svg.append(node("circle", { class: i ? "dot second" : "dot", cx: x(lastX), cy: y(lastY!), r: 3 }));
    const key = LEFT + i * 150;
    svg.append(
      node("path", { class: i ? "line second" : "line", d: `M${key} 8h22` }),
      node("text", { x: key + 28, y: 12 }, name),
    );
  });
  svg.append(node("text", { x: WIDTH - 10, y: HEIGHT - 6, "text-anchor": "end" }, xTitle));
  return svg;
}
