// The look of a report: light or dark like the reader's system, on a phone, on paper.

export const css = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --ink: #1c1f24; --soft: #646b76; --line: #e4e7ec; --faint: #f5f6f8; --over: #ffffff;
  --main: #2563c9; --side: #9aa5b5; --right: #2563c9; --wrong: #d2571a; --sure: #d2571a; --modest: #1f8a70;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14161a; --ink: #e6e8ec; --soft: #969eaa; --line: #2b2f36; --faint: #1c1f25; --over: #ffffff;
    --main: #6ea3f7; --side: #6d7684; --right: #4a86e8; --wrong: #e0703a; --sure: #e0703a; --modest: #3fae90;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink); -webkit-text-size-adjust: 100%;
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 1120px; margin: 0 auto; padding: 48px 32px 96px; }
h1 { font-size: 28px; line-height: 1.2; font-weight: 650; letter-spacing: -0.015em; margin: 0 0 6px; overflow-wrap: anywhere; }
h2 { font-size: 19px; font-weight: 650; letter-spacing: -0.01em; margin: 0 0 4px; }
h3 { font-size: 15px; font-weight: 650; margin: 0 0 10px; }
p { margin: 0; }
section { margin-top: 60px; }
section > p { color: var(--soft); max-width: 68ch; margin-bottom: 20px; }
figure { margin: 0; }
.sub, .note { color: var(--soft); }
.note { font-size: 13px; margin-top: 10px; max-width: 68ch; }
.name { unicode-bidi: isolate; overflow-wrap: break-word; }
.whole { white-space: nowrap; }
nav { display: flex; flex-wrap: wrap; gap: 4px 20px; margin-top: 18px; font-size: 14px; }
a { color: var(--main); text-decoration: none; }
a:hover { text-decoration: underline; }
.headline { display: grid; grid-template-columns: repeat(auto-fit, minmax(112px, 1fr)); gap: 24px 16px; margin: 32px 0 0; padding: 24px 0; border: solid var(--line); border-width: 1px 0; }
.headline div { display: flex; flex-direction: column; }
.headline dt { color: var(--soft); font-size: 13px; }
.headline dd { margin: 0; font-size: 22px; line-height: 1.25; font-weight: 600; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; white-space: nowrap; }
.headline .note { margin: 2px 0 0; font-size: 12.5px; font-weight: 400; letter-spacing: 0; white-space: normal; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(300px, 100%), 1fr)); gap: 32px 28px; margin-top: 20px; }
.chart figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 2px 16px; margin-bottom: 8px; font-size: 14px; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 14px; color: var(--soft); font-size: 13px; }
.key b { color: var(--ink); font-weight: 600; font-variant-numeric: tabular-nums; }
.key i { display: inline-block; width: 14px; height: 2.5px; border-radius: 2px; margin-right: 6px; vertical-align: middle; background: var(--side); }
.key.main i { background: var(--main); }
svg { display: block; width: 100%; height: auto; font: 11px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; font-variant-numeric: tabular-nums; }
svg text { fill: var(--soft); }
.grid, .base { stroke: var(--line); fill: none; shape-rendering: crispEdges; }
.chart g path { fill: none; stroke: var(--side); stroke-width: 1.75; stroke-linejoin: round; stroke-linecap: round; }
.chart g circle { fill: var(--side); }
.chart g.main path { stroke: var(--main); stroke-width: 2.25; }
.chart g.main circle { fill: var(--main); }
.hover { fill: var(--ink); opacity: 0; }
.hover:hover { opacity: 0.05; }
.scroll { overflow-x: auto; }
.matrix svg { max-width: none; height: auto; }
.matrix .narrow { display: none; }
.matrix rect.right, .reliability .right { fill: var(--right); }
.matrix rect.wrong { fill: var(--wrong); }
.matrix rect:not(.field):hover { stroke: var(--ink); stroke-width: 1.5; }
.matrix .field { fill: none; stroke: var(--line); }
.matrix text { pointer-events: none; fill: var(--ink); }
.matrix text.over { fill: var(--over); }
.swatch { display: inline-block; width: 11px; height: 11px; border-radius: 2px; vertical-align: -1px; background: var(--right); }
.swatch.wrong { background: var(--wrong); }
.reliability { display: grid; grid-template-columns: minmax(0, 400px) minmax(0, max-content); gap: 20px 40px; align-items: center; }
.reliability .right { fill-opacity: 0.7; }
.reliability .sure { fill: var(--sure); fill-opacity: 0.45; }
.reliability .modest { fill: var(--modest); fill-opacity: 0.55; }
.reliability .images { fill: var(--side); }
.reliability .empty { fill: url(#hatch); }
.reliability pattern path { stroke: var(--side); stroke-opacity: 0.45; stroke-width: 2; }
.reliability .share { stroke: var(--ink); stroke-width: 2; }
.reliability .few :not(.hover, .images) { opacity: 0.4; }
.diagonal { stroke: var(--ink); stroke-dasharray: 3 4; fill: none; }
.keys { list-style: none; margin: 0; padding: 0; color: var(--soft); font-size: 13px; line-height: 1.9; }
.keys li { display: grid; grid-template-columns: 26px 1fr; align-items: center; }
.keys .swatch { width: 16px; height: 12px; opacity: 1; }
.keys .share { height: 0; border-radius: 0; background: none; border-bottom: 2px solid var(--ink); }
.keys .sure { background: color-mix(in srgb, var(--sure) 45%, transparent); }
.keys .modest { background: color-mix(in srgb, var(--modest) 55%, transparent); }
.keys .few { background: color-mix(in srgb, var(--right) 28%, transparent); }
.keys .empty { background: repeating-linear-gradient(135deg, color-mix(in srgb, var(--side) 55%, transparent) 0 1.5px, transparent 2px 4.3px); }
.keys .diagonal { height: 0; border-radius: 0; background: none; border-bottom: 1.5px dashed var(--ink); }
.keys .images { background: var(--side); }
.columns { display: grid; grid-template-columns: minmax(0, max-content) minmax(280px, 1fr); gap: 32px 56px; align-items: start; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 12px 6px 0; text-align: left; border-bottom: 1px solid var(--line); vertical-align: baseline; }
th { color: var(--soft); font-weight: 500; font-size: 13px; white-space: nowrap; background: var(--page); }
.number { text-align: right; white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
.pairs { table-layout: fixed; }
.pairs th.number { width: 62px; }
.scores { width: auto; min-width: min(100%, 680px); }
.scores td.name { max-width: 44ch; }
details { margin-top: 14px; }
summary { cursor: pointer; color: var(--soft); font-size: 14px; margin-bottom: 8px; }
.tall { max-height: 560px; overflow: auto; }
.tall thead th { position: sticky; top: 0; }
th button { all: unset; cursor: pointer; }
th button:hover { color: var(--ink); }
th button:focus-visible { outline: 2px solid var(--main); outline-offset: 2px; }
th[aria-sort] button { color: var(--ink); }
th[aria-sort="ascending"] button::after { content: " ↑"; }
th[aria-sort="descending"] button::after { content: " ↓"; }
.bar { display: inline-block; width: 72px; height: 5px; margin-left: 10px; border-radius: 3px; vertical-align: 2px; background: linear-gradient(to right, var(--main) var(--share), var(--line) var(--share)); }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(112px, 1fr)); gap: 22px 16px; }
.pictures.small { grid-template-columns: repeat(auto-fill, minmax(88px, 1fr)); gap: 14px 12px; }
.pictures.looks { grid-template-columns: repeat(auto-fill, minmax(min(232px, 100%), 1fr)); }
.pictures img { display: block; width: 100%; height: auto; aspect-ratio: 1; object-fit: contain; background: var(--faint); border-radius: 4px; }
.pictures img.pixels { image-rendering: pixelated; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 4px; }
.pictures figcaption { margin-top: 6px; font-size: 13px; line-height: 1.4; }
.pictures .verdict { font-weight: 600; }
.pictures .wrong { color: var(--wrong); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(320px, 100%), 1fr)); gap: 32px 56px; }
dl.list { display: grid; grid-template-columns: minmax(max-content, 19ch) minmax(0, 1fr); gap: 5px 20px; margin: 0; font-size: 14px; }
dl.list dt { color: var(--soft); }
dl.list dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
pre { margin: 0 0 28px; padding: 14px 16px; border-radius: 6px; background: var(--faint); font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
footer { margin-top: 72px; color: var(--soft); font-size: 13px; }
@media (max-width: 800px) {
  main { padding: 28px 18px 64px; }
  section { margin-top: 46px; }
  h1 { font-size: 24px; }
  .headline { grid-template-columns: repeat(auto-fill, minmax(104px, 1fr)); gap: 18px 14px; padding: 18px 0; }
  .headline dd { font-size: 20px; }
  .columns { grid-template-columns: minmax(0, 1fr); }
  .pictures { grid-template-columns: repeat(auto-fill, minmax(140px, 1fr)); gap: 18px 14px; }
  .reliability { grid-template-columns: minmax(0, 400px); }
  .pictures.small { grid-template-columns: repeat(auto-fill, minmax(72px, 1fr)); }
  .bar { width: 40px; }
}
@media (max-width: 560px) {
  .stacks, .stacks tbody { display: block; }
  .stacks thead { display: none; }
  .stacks.sortable thead { display: block; }
  .stacks tr { display: grid; grid-template-columns: repeat(var(--numbers), 1fr); border-bottom: 1px solid var(--line); padding: 6px 0; }
  .stacks th, .stacks td { border: 0; padding: 2px 0; }
  .stacks td.name, .stacks th:first-child { grid-column: 1 / -1; }
  .stacks td.guess { color: var(--soft); }
  .stacks td.guess::before { content: "taken for "; }
  .stacks td.images::after { content: " images"; }
  .stacks .number { text-align: left; }
  .stacks .bar { display: none; }
  .matrix .wide { display: none; }
  .matrix .narrow { display: block; }
}
@media print {
  :root { color-scheme: light; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  nav { display: none; }
  section { margin-top: 32px; }
  figure, tr, .headline { break-inside: avoid; }
  h2, h3, section > p { break-after: avoid; }
  .tall { max-height: none; overflow: visible; }
  .scroll { overflow: visible; }
  .matrix svg { max-width: 100%; }
}
`;
