import { describe, expect, it } from "vitest";
import { csvRow, csvText, parseCsv } from "../../src/node/csv.js";

describe("csv", () => {
  it("quotes what needs it, and guards text that a spreadsheet would compute", () => {
    expect(csvRow(["a b", 'c,"d"', "e\nf", 1.5, undefined, NaN, -2])).toBe('a b,"c,""d""","e\nf",1.5,,,-2');
    expect(csvRow(["=1+1", "+x", "-x.jpg", "@x", "-1", "+2.5"])).toBe("'=1+1,'+x,'-x.jpg,'@x,-1,+2.5");
  });

  it("reads what it wrote", () => {
    const rows = [
      ["=x", "'=x", "", "a,b"],
      ['"', "\r\n", "x", "日本"],
      ["-1", "'", "''a", "@"],
    ];
    expect(parseCsv(csvText(rows))).toEqual(rows);
    expect(parseCsv("a,b\r\nc,")).toEqual([
      ["a", "b"],
      ["c", ""],
    ]);
    expect(parseCsv("")).toEqual([]);
  });

  it("reads cells of millions of letters, and reports stray quotes", () => {
    const long = 'a"b,\n'.repeat(1e6);
    expect(parseCsv(csvText([["x", long]]))).toEqual([["x", long]]);
    const broken = (): never => {
      throw new Error("broken");
    };
    for (const text of [`a,"${long}`, `"${"a".repeat(1e7)}`, 'a,"b"c', 'a"b"', '"a""']) {
      expect(() => parseCsv(text, broken)).toThrow("broken");
    }
    expect(parseCsv('a,b\nc,"d')).toEqual([["a", "b"]]);
  });
});
