import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, type DefaultTreeAdapterMap } from "parse5";
import { describe, expect, it } from "vitest";
import {
  cifarTrain,
  createModel,
  DataLoader,
  ImageDataset,
  manualSeed,
  memoryStats,
  Mixup,
  Random,
} from "../../src/index.js";
import {
  collectReport,
  renderReport,
  writeReport,
  type HistoryRow,
  type ReportData,
} from "../../src/node.js";

type Node = DefaultTreeAdapterMap["node"];
type Element = DefaultTreeAdapterMap["element"];

const VOID = new Set(["meta", "img", "br", "wbr", "link"]);
const SVG_EMPTY = /^(path|rect|circle)$/;

/** What is wrong with a page: what the parser says, and elements that nothing closes. */
function faults(page: string): string[] {
  const found: string[] = [];
  const document = parse(page, {
    sourceCodeLocationInfo: true,
    onParseError: ({ code, startLine }) => found.push(`${code} in line ${startLine}`),
  });
  for (const element of elements(document)) {
    const { tagName, sourceCodeLocation: at } = element;
    if (!at) found.push(`<${tagName}> was not written, but implied`);
    else if (!VOID.has(tagName) && !SVG_EMPTY.test(tagName) && !at.endTag)
      found.push(`<${tagName}> is not closed`);
  }
  return found;
}

function* elements(node: Node): Generator<Element> {
  if ("tagName" in node) yield node;
  if ("childNodes" in node) for (const child of node.childNodes) yield* elements(child);
}

function textOf(node: Node): string {
  if ("value" in node) return node.value;
  if ("tagName" in node && /^(style|script)$/.test(node.tagName)) return "";
  return "childNodes" in node ? node.childNodes.map(textOf).join(" ") : "";
}

const all = (page: string, tag: string): Element[] =>
  [...elements(parse(page))].filter((e) => e.tagName === tag);
const attribute = (e: Element, name: string): string | undefined =>
  e.attrs.find((a) => a.name === name)?.value;
const ids = (page: string): (string | undefined)[] => all(page, "section").map((e) => attribute(e, "id"));

const NASTY = [
  `<script>alert("1")</script>`,
  `a & b's "c"`,
  "</title><img src=x onerror=alert(1)>",
  "\0\u0007 bell",
  "日本",
];

function history(epochs: number): HistoryRow[] {
  return Array.from({ length: epochs }, (_, i) => ({
    epoch: i + 1,
    train_loss: 2 / (i + 1),
    train_top1: 1 - 0.6 / (i + 1),
    eval_loss: 2.2 / (i + 1),
    eval_top1: 1 - 0.7 / (i + 1),
    eval_top5: 1,
    lr: 0.1 / (i + 1),
    seconds: 60,
    images_per_second: 500,
    data_wait: 0.01,
  }));
}

/** A report on this many classes, every second of which is classified as the next. */
function dataOf(classes: readonly string[], epochs = 3): ReportData {
  const n = classes.length;
  const confusion = classes.map((_, i) =>
    classes.map((__, j) => (i === j ? 8 : j === (i + 1) % n && i % 2 === 0 ? 2 : 0)),
  );
  const confused = classes.flatMap((_, i) =>
    i % 2 === 0 ? [{ label: i, guess: (i + 1) % n, count: 2, share: 0.2 }] : [],
  );
  return {
    name: "run",
    model: "net",
    dataset: "pictures",
    date: "2026-11-24T12:00:00Z",
    summary: {
      top1: 0.9,
      top5: 1,
      loss: 0.3,
      epochs,
      seconds: 60 * epochs,
      imagesPerSecond: 500,
      dataWait: 0.01,
      images: 10 * n,
    },
    history: history(epochs),
    classes,
    confusion,
    confused: confused.slice(0, 12),
    perClass: classes.map(() => ({ precision: 0.8, recall: 0.8, f1: 0.8, support: 10 })),
    calibration: { ece: 0.05, bins: [{ low: 0.9, high: 1, count: 10, accuracy: 0.9, confidence: 0.95 }] },
    environment: { node: "20.0.0", threads: 2 },
    args: { lr: 0.1, recipe: null, nested: { a: [1] } },
    command: "fovea train --data 'a<b'",
  };
}

const names = (n: number): string[] => Array.from({ length: n }, (_, i) => `class ${i}`);

describe("renderReport", () => {
  it.each([2, 10, 100, 1000])("is well-formed for %i classes, shows them, and stays small", (n) => {
    const page = renderReport(dataOf(names(n)));
    expect(faults(page)).toEqual([]);
    expect(ids(page)).toEqual(["training", "confusion", "classes", "calibration", "setting"]);
    expect(textOf(parse(page))).not.toMatch(/NaN|undefined|Infinity|\[object/);
    const cells = all(page, "rect").filter(
      (e) => /^(right|wrong)$/.test(attribute(e, "class") ?? "") && textOf(e).match(/ of \d+ /),
    );
    const shown = n > 120 ? 24 : n;
    const phones = all(page, "svg").filter((svg) => attribute(svg, "class") === "narrow").length;
    expect(cells).toHaveLength((1 + phones) * (shown + (n > 120 ? 12 : n / 2)));
    expect(all(page, "tr")).toHaveLength(1 + n + 1 + Math.min(12, n / 2));
    expect(page.length).toBeLessThan(1_000_000);
  });

  it("escapes every text, wherever it stands", () => {
    const evil = { ...dataOf(NASTY), name: NASTY[2]!, model: NASTY[0]!, dataset: NASTY[1]!, args: { [NASTY[0]!]: NASTY }, environment: { x: NASTY[2] }, command: NASTY[0]! }; // prettier-ignore
    const picture = { src: "data:image/png;base64,", width: 8, height: 8, caption: NASTY[2]!, truth: NASTY[0]!, guess: NASTY[1]!, probability: 0.5 }; // prettier-ignore
    const page = renderReport({
      ...evil,
      mistakes: [picture],
      gradCam: [{ ...picture, overlay: picture.src }],
      samples: [picture],
    });
    expect(faults(page)).toEqual([]);
    expect(all(page, "script")).toHaveLength(1);
    expect([...elements(parse(page))].flatMap((e) => e.attrs.filter((a) => a.name.startsWith("on")))).toEqual(
      [],
    );
    expect(all(page, "img")).toHaveLength(4);
    const [cell] = all(page, "td").filter((e) => textOf(e).includes("alert"));
    expect(textOf(cell!).replace("</  script>", "</script>")).toBe(NASTY[0]); // it may break after the slash
    expect(textOf(all(page, "title")[0]!)).toBe(`${NASTY[2]} – fovea`);
  });

  it("loads nothing, and runs no script but its own", () => {
    const page = renderReport(dataOf(names(3)));
    expect(page).not.toMatch(/https?:|@import|url\((?!#)|<link/);
    const policy = attribute(
      all(page, "meta").find((e) => attribute(e, "http-equiv"))!,
      "content",
    );
    expect(policy).toMatch(
      /^default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-[\w+/]{43}='$/,
    );
  });

  it("draws runs of one epoch, and leaves gaps where values are not finite", () => {
    const one = renderReport(dataOf(names(2), 1));
    expect(faults(one)).toEqual([]);
    expect(all(one, "circle")).toHaveLength(5);
    const rows = history(4).map((row) =>
      row.epoch === 2 ? { ...row, eval_loss: NaN, train_loss: Infinity } : row,
    );
    const page = renderReport({ ...dataOf(names(2)), history: rows });
    expect(textOf(parse(page))).not.toMatch(/NaN|Infinity/);
    expect(page).not.toMatch(/="[^"]*(NaN|Infinity)/);
    const loss = all(page, "path").filter((e) => (attribute(e, "d")?.split("M").length ?? 0) > 2);
    expect(loss).toHaveLength(2);
  });

  it("shows average precision, and no matrix, of multi-label runs", () => {
    const { confusion, confused, calibration, ...data } = dataOf(names(3));
    expect([confusion, confused, calibration]).not.toContain(undefined);
    const rows = data.history.map((row) => ({ ...row, eval_map: 0.5 + 0.1 * Math.cos(row.epoch) }));
    const perClass = data.perClass!.map((row, i) => ({ ...row, ap: i ? 0.7 : NaN }));
    const page = renderReport({
      ...data,
      history: rows,
      perClass,
      summary: { map: 0.7, loss: 0.2, epochs: 3, seconds: 5 },
    });
    expect(ids(page)).toEqual(["training", "classes", "setting"]);
    expect(textOf(parse(page))).toMatch(/Mean average precision\s+70\.00 %/);
    expect(textOf(parse(page))).toMatch(/Best \d+\.\d\d % at epoch \d/);
    expect(textOf(parse(page))).not.toMatch(/NaN|Top-1/);
  });

  it("says what training says where nothing was evaluated", () => {
    const { name, model, dataset, date, classes, args, environment } = dataOf(names(3));
    const rows = [1, 2].map((epoch) => ({ epoch, train_loss: 1 / epoch, eval_loss: NaN }));
    const page = renderReport({ name, model, dataset, date, classes, args, environment, history: rows, summary: { epochs: 2, seconds: 7 } }); // prettier-ignore
    expect(ids(page)).toEqual(["training", "setting"]);
    expect(textOf(parse(page))).toMatch(/Training loss\s+0\.5000/);
    const empty = renderReport({ name, model, dataset, date, classes, args, environment, history: [], summary: { epochs: 0, seconds: 0 } }); // prettier-ignore
    expect(faults(empty)).toEqual([]);
  });
});

function noise(count: number, seed: number): ImageDataset {
  const random = new Random(seed);
  const images = Uint8Array.from({ length: count * 32 * 32 * 3 }, () => random.integer(256));
  const labels = Array.from({ length: count }, () => random.integer(10));
  return new ImageDataset({ images, labels, shape: [32, 32, 3], classes: names(10) });
}

describe("collectReport", () => {
  it("evaluates, picks pictures, looks into the model, and leaves heap and model as they were", async () => {
    manualSeed(1);
    const folder = await mkdtemp(join(tmpdir(), "fovea-"));
    const before = memoryStats().bytesInUse;
    const model = createModel("resnet20_cifar");
    const data = noise(120, 1);
    const evalLoader = new DataLoader(data, { batchSize: 50, transform: cifarTrain().transforms.slice(2) });
    const trainLoader = new DataLoader(data, {
      batchSize: 30,
      transform: cifarTrain(),
      batchTransform: new Mixup({ alpha: 8 }), // shares near one half
    });
    const report = await collectReport({
      name: "noise",
      architecture: "resnet20_cifar",
      model,
      evalLoader,
      trainLoader,
      history: history(2),
      args: {},
      schedule: (step) => step / 10,
    });
    expect(model.training).toBe(true);
    model.dispose();
    expect(memoryStats().bytesInUse).toBe(before);
    expect(report.confusion!.flat().reduce((a, b) => a + b)).toBe(120);
    expect(report.summary.images).toBe(120);
    expect(report.summary.top1).toBeCloseTo(
      report.confusion!.reduce((sum, row, i) => sum + row[i]!, 0) / 120,
      9,
    );
    expect(report.mistakes!.length).toBeGreaterThan(0);
    expect(report.mistakes!.every(({ truth, guess }) => truth !== guess)).toBe(true);
    expect(report.samples).toHaveLength(24);
    expect(report.samples!.some(({ caption }) => /^class \d 0\.\d\d, class \d 0\.\d\d$/.test(caption))).toBe(
      true,
    );
    expect(report.gradCam!.length).toBeGreaterThanOrEqual(4);
    expect(report.learningRates).toHaveLength(8);
    expect(report.learningRates!.at(-1)).toEqual({ at: 2, lr: 0.7 });
    const path = join(folder, "report.html");
    await writeReport(path, report);
    const page = await readFile(path, "utf8");
    expect(faults(page)).toEqual([]);
    expect(page.length).toBeLessThan(3_000_000);
    await rm(folder, { recursive: true });
  });
});
