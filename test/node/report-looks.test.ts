// What a reader sees in a report: legends that match what is drawn, names whole, what was asked before what was not.

import { parse, type DefaultTreeAdapterMap } from "parse5";
import { describe, expect, it } from "vitest";
import { renderReport, type ReportData } from "../../src/node.js";
import { reliabilityDiagram } from "../../src/node/report/calibration.js";
import { breakable } from "../../src/node/report/html.js";
import { confusionMatrix } from "../../src/node/report/matrix.js";

type Node = DefaultTreeAdapterMap["node"];
type Element = DefaultTreeAdapterMap["element"];

function* elements(node: Node): Generator<Element> {
  if ("tagName" in node) yield node;
  if ("childNodes" in node) for (const child of node.childNodes) yield* elements(child);
}
const all = (page: string, tag: string): Element[] =>
  [...elements(parse(page))].filter((e) => e.tagName === tag);
const attribute = (e: Element, name: string): string => e.attrs.find((a) => a.name === name)?.value ?? "";
const textOf = (node: Node): string =>
  "value" in node ? node.value : "childNodes" in node ? node.childNodes.map(textOf).join("") : "";

const bin = (low: number, count: number, accuracy: number, confidence: number) => ({ low, high: low + 0.25, count, accuracy, confidence }); // prettier-ignore
/** Heights of the bars of a kind, as shares of the diagram's side. */
const bars = (page: string, kind: string): number[] =>
  all(page, "rect").filter((e) => attribute(e, "class") === kind).map((e) => Math.round(Number(attribute(e, "height")) / 3) / 100); // prettier-ignore

describe("the reliability diagram", () => {
  it("shows what was right, and by how much the model is too sure or too modest, each in its colour", () => {
    const page = reliabilityDiagram([bin(0, 0, 0, 0), bin(0.25, 20, 0.5, 0.4), bin(0.5, 9, 0.2, 0.6), bin(0.75, 40, 0.8, 0.9)]).text; // prettier-ignore
    expect(bars(page, "right")).toEqual([0.4, 0.2, 0.8]); // up to where both agree
    expect(bars(page, "modest")).toEqual([0.1]);
    expect(bars(page, "sure")).toEqual([0.4, 0.1]);
    expect(bars(page, "empty")).toEqual([1]);
    expect(all(page, "g").map((e) => attribute(e, "class"))).toEqual(["bin", "bin", "bin few", "bin"]);
    const titles = all(page, "title").map(textOf);
    expect(titles[0]).toBe("confidence 0 % to 25 %: no images");
    expect(titles[1]).toContain("20 images (29.0 %)\nright 50.0 %, mean confidence 40.0 %: too modest");
  });

  it("explains every colour that is there, and none that is not", () => {
    const keys = (page: string): string[] => [...page.matchAll(/swatch (\w+)/g)].map(([, kind]) => kind!);
    const every = reliabilityDiagram([bin(0, 0, 0, 0), bin(0.25, 3, 0.5, 0.4), bin(0.5, 90, 0.2, 0.6)]).text;
    expect(keys(every)).toEqual(["share", "sure", "modest", "few", "empty", "diagonal", "images"]);
    const sure = reliabilityDiagram([bin(0.5, 90, 0.2, 0.6)]).text;
    expect(keys(sure)).toEqual(["share", "sure", "diagonal", "images"]);
  });
});

const LONG = [
  "WWWWWWWWWWWWWWWW",
  "a very long name of a class that nobody can read",
  "日本の猫と犬と鳥と魚",
  "short",
];

describe("the confusion matrix", () => {
  it.each([3, 4, 12, 20])("has room for the names of %i classes", (n) => {
    const names = Array.from({ length: n }, (_, i) => LONG[i % LONG.length]!);
    const page = confusionMatrix(names.map((_, i) => names.map((__, j) => (i === j ? 5 : 1))), names, [])!.text; // prettier-ignore
    const [wide] = all(page, "svg");
    const [, , width, height] = attribute(wide!, "viewBox").split(" ").map(Number) as [number, number, number, number]; // prettier-ignore
    const labels = [...elements(wide!)]
      .filter((e) => e.tagName === "text")
      .filter((e) => attribute(e, "class") === "");
    expect(labels).toHaveLength(2 * n);
    for (const label of labels) {
      const text = label.childNodes
        .filter((child) => !("tagName" in child))
        .map(textOf)
        .join(""); // not its title
      expect(text).not.toBe("");
      // At 11 pixels: wide letters, Latin ones on average.
      const w = [...text].reduce((sum, c) => sum + (c > "\u3000" ? 11 : c === "W" ? 10.8 : 6), 0);
      const turned = /translate\(([\d.]+) ([\d.]+)\)rotate\(-55\)/.exec(attribute(label, "transform"));
      const [x, y] = turned ? [Number(turned[1]), Number(turned[2])] : [Number(attribute(label, "x")), Number(attribute(label, "y"))]; // prettier-ignore
      if (turned) {
        expect(x + w * Math.cos((55 / 180) * Math.PI)).toBeLessThanOrEqual(width);
        expect(y - w * Math.sin((55 / 180) * Math.PI)).toBeGreaterThanOrEqual(0);
      } else if (attribute(label, "text-anchor") === "end") expect(x - w).toBeGreaterThanOrEqual(0);
      else expect(x + w / 2).toBeLessThanOrEqual(width);
      expect(y).toBeLessThanOrEqual(height);
    }
  });
});

describe("the confusion matrix on a phone", () => {
  const page = (n: number): string => {
    const names = Array.from({ length: n }, (_, i) => LONG[i % LONG.length]!);
    return confusionMatrix(
      names.map((_, i) => names.map((__, j) => (i === j ? 5 : 1))),
      names,
      [],
    )!.text;
  };

  it.each([1, 2, 5, 8, 10, 16, 17, 30, 31, 120])("is no wider than it, of %i classes", (n) => {
    const kinds = all(page(n), "svg").map((svg) => attribute(svg, "class"));
    const shown = all(page(n), "svg").at(-1)!;
    const [least] = /[\d.]+/.exec(attribute(shown, "style"))!;
    expect(Number(least)).toBeLessThanOrEqual(354);
    expect(kinds).toEqual(kinds.length === 1 ? [""] : ["wide", "narrow"]);
    const cells = [...elements(shown)].filter((e) => e.tagName === "rect").length - 1;
    expect(cells).toBe(n * n);
  });

  it("numbers the classes, with names beside the rows", () => {
    const labels = [...elements(all(page(10), "svg")[1]!)].filter((e) => e.tagName === "text" && attribute(e, "class") === ""); // prettier-ignore
    const said = labels.map((e) =>
      e.childNodes
        .filter((child) => !("tagName" in child))
        .map(textOf)
        .join(""),
    );
    expect(said.filter((_, i) => i % 2)).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
    expect(said.filter((_, i) => i % 2 === 0).slice(2, 5)).toEqual([
      "3 日本の猫と犬…",
      "4 short",
      "5 WWWWWW…",
    ]);
  });
});

describe("names and arguments", () => {
  it("break where their parts are joined, and nowhere else", () => {
    expect(breakable("soft-coated_wheaten_terrier").text).toBe("soft-coated_<wbr />wheaten_<wbr />terrier");
    expect(breakable("ship/0001.jpg").text).toBe("ship/<wbr />0001.<wbr />jpg");
    expect(breakable("cat 0.68, <dog>").text).toBe("cat 0.68, &lt;dog&gt;");
  });

  it("come first if they differ from the defaults; the others are folded away", () => {
    const data: ReportData = { name: "run", model: "net", dataset: "d", date: "2026-11-24T12:00:00Z", summary: { epochs: 0, seconds: 0 }, history: [], classes: ["a"], environment: {}, args: { recipe: null, lr: 0.1, scale: [0.08, 1], mean: [0.5] }, defaults: { recipe: null, lr: null, scale: [0.08, 1], mean: null } }; // prettier-ignore
    const page = renderReport(data);
    const lists = all(page, "dl").slice(1);
    expect(lists.map((list) => textOf(list).replace(/\s+/g, " ").trim())).toEqual(["lr 0.1mean 0.5", "recipe –scale 0.08, 1"]); // prettier-ignore
    expect(textOf(all(page, "summary")[0]!)).toBe("2 at their defaults");
    expect(all(renderReport({ ...data, defaults: data.args }), "h3").map(textOf)).toContain("Arguments that differ from the defaults"); // prettier-ignore
    const { defaults, ...plain } = data;
    expect(defaults).toBeDefined();
    expect(all(renderReport(plain), "details")).toEqual([]);
  });
});
