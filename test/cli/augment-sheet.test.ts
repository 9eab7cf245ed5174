import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { register } from "../../src/cli/augment-sheet.js";
import { drawText, TEXT_HEIGHT, textWidth } from "../../src/cli/font.js";
import { drawSheet } from "../../src/cli/sheet.js";
import { encodePng } from "../../src/data/encode.js";
import { decodeImage, type RawImage } from "../../src/data/index.js";
import { DataError } from "../../src/errors.js";
import { picture } from "../data/augment/pictures.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-sheet-"));
  await writeFile(join(folder, "a.png"), encodePng(picture("slope", 40, 60, 3)));
  await writeFile(join(folder, "b.png"), encodePng(picture("dark", 300, 250, 1)));
});
afterAll(() => rm(folder, { recursive: true }));

async function run(...words: string[]): Promise<void> {
  const program = new Command("fovea").exitOverride().configureOutput({ writeErr: () => {} });
  register(program);
  await program.parseAsync(["augment-sheet", ...words], { from: "user" });
}

async function sheetOf(...words: string[]): Promise<RawImage> {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  const out = join(folder, "sheet.png");
  await run(join(folder, "a.png"), "--out", out, ...words);
  expect(log.mock.calls).toEqual([[out]]);
  log.mockRestore();
  return decodeImage(await readFile(out), { file: out });
}

describe("fovea augment-sheet", () => {
  it("draws pictures that follow from the seed and the other picture", async () => {
    const [one, again, seeded, mixed] = [
      await sheetOf(),
      await sheetOf("--seed", "0"),
      await sheetOf("--seed", "1"),
      await sheetOf("--other", join(folder, "b.png")),
    ];
    expect([one.channels, one.width > 1000, one.height > 1000]).toEqual([3, true, true]);
    expect(Buffer.compare(one.data, again.data)).toBe(0);
    expect(Buffer.compare(one.data, seeded.data)).not.toBe(0);
    expect(Buffer.compare(one.data, mixed.data)).not.toBe(0);
  });

  it("shows the original beside the results, and in the first row of every block", async () => {
    const { data, width } = await sheetOf();
    const [left, side] = [12, 112];
    const row = (y: number): string => Buffer.from(data.subarray((y * width + left) * 3, (y * width + left + side) * 3)).toString("base64"); // prettier-ignore
    const rows = new Map<string, number>();
    for (let y = 0; y < data.length / width / 3; y++) rows.set(row(y), (rows.get(row(y)) ?? 0) + 1);
    const blocks = Math.max(...[...rows].filter(([text]) => !/^(....)\1+$/.test(text)).map(([, n]) => n));
    expect(blocks).toBeGreaterThanOrEqual(15);
  });

  it("says what is wrong", async () => {
    const missing = run(join(folder, "none.png"));
    await expect(missing).rejects.toThrow(DataError);
    await expect(missing).rejects.toThrow("none.png: cannot be read: ENOENT");
    await writeFile(join(folder, "c.png"), "no picture");
    await expect(run(join(folder, "c.png"))).rejects.toThrow("c.png: ");
    await expect(run(join(folder, "a.png"), "--seed", "x")).rejects.toThrow("expected an integer ≥ 0");
  });
});

/** The image's dark pixels as text. */
function asText({ data, height, width }: RawImage): string[] {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => (data[(y * width + x) * 3] === 0 ? "#" : ".")).join(""),
  );
}

const paper = (height: number, width: number): RawImage => ({
  data: new Uint8Array(height * width * 3).fill(255),
  height,
  width,
  channels: 3,
});

describe("the font", () => {
  it("writes letters, and a question mark for what it has not", () => {
    const image = paper(9, 17);
    drawText(image, "Hi£", 0, 0, 0);
    expect(asText(image)).toEqual([
      "#...#...#....###.",
      "#...#.......#...#",
      "#...#..##.......#",
      "#####...#......#.",
      "#...#...#.....#..",
      "#...#...#........",
      "#...#..###....#..",
      ".................",
      ".................",
    ]);
    expect(textWidth("Hi£")).toBe(17);
    expect(textWidth("")).toBe(0);
  });

  it("writes what goes below the line: g, j, p, q, y, and keeps the others above", () => {
    const rows = (letter: string): string[] => {
      const image = paper(TEXT_HEIGHT, 5);
      drawText(image, letter, 0, 0, 0);
      return asText(image);
    };
    for (const letter of "gjpqy,;") expect([letter, rows(letter).slice(7).join("")]).toEqual([letter, expect.stringContaining("#") as string]); // prettier-ignore
    for (const letter of "abcdefhiklmnorstuvwxzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") {
      expect([letter, rows(letter).slice(7).join("")]).toEqual([letter, ".........."]);
      expect(rows(letter)[6]).toContain("#"); // stands on the line
    }
    expect(rows("g")).toEqual([
      ".....",
      ".....",
      ".####",
      "#...#",
      "#...#",
      "#...#",
      ".####",
      "....#",
      ".###.",
    ]);
    expect(rows("p")).toEqual([
      ".....",
      ".....",
      "####.",
      "#...#",
      "#...#",
      "#...#",
      "####.",
      "#....",
      "#....",
    ]);
  });

  it("writes larger, and cuts off what lies outside", () => {
    const [small, large] = [paper(9, 5), paper(18, 10)];
    drawText(small, "g", 0, 0, 0);
    drawText(large, "g", 0, 0, 0, 2);
    const twice = asText(small).flatMap((row) => {
      const wide = [...row].map((c) => c + c).join("");
      return [wide, wide];
    });
    expect(asText(large)).toEqual(twice);
    const cut = paper(3, 3);
    drawText(cut, "H", -3, -1, 0);
    expect(asText(cut)).toEqual([".#.", ".#.", "##."]);
  });
});

describe("drawSheet", () => {
  it("sets blocks beside and below each other", () => {
    const cell = (shade: number) => ({
      caption: "",
      image: { data: new Uint8Array(4 * 4 * 3).fill(shade), height: 4, width: 4, channels: 3 },
    });
    const blocks = [10, 20, 30].map((shade) => ({
      title: "",
      originals: [cell(shade)],
      cells: [cell(shade + 1)],
    }));
    const { data, width } = drawSheet(blocks, 2);
    const place = (shade: number): [x: number, y: number] => {
      const at = data.indexOf(shade) / 3;
      return [at % width, Math.floor(at / width)];
    };
    for (const shade of [10, 11, 20, 21, 30, 31]) {
      expect(data.filter((v) => v === shade)).toHaveLength(4 * 4 * 3);
    }
    expect(place(11)[1]).toBe(place(10)[1]);
    expect(place(11)[0]).toBeGreaterThanOrEqual(place(10)[0] + 4 + 10); // the original stands apart
    expect(place(20)[1]).toBe(place(10)[1]);
    expect(place(20)[0]).toBeGreaterThan(place(11)[0]);
    expect(place(30)[0]).toBe(place(10)[0]);
    expect(place(30)[1]).toBeGreaterThan(place(10)[1] + 4);
  });
});
