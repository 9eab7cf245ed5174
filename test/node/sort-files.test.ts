// Sorting files into folders: nothing is overwritten or lost, and everything can be taken back.

import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs"; // prettier-ignore
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DataError } from "../../src/errors.js";
import { planSorting, sortFiles, undoSorting } from "../../src/node/sort-files.js";

let root: string;
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), "fovea-sort-"))));
afterEach(() => rmSync(root, { recursive: true }));

const at = (path: string): string => join(root, path);

function put(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text);
  }
}

/** Every file below the root and what it holds, lists left out. */
function tree(): Record<string, string> {
  const found = readdirSync(root, { recursive: true, withFileTypes: true }).filter(
    (entry) => !entry.isDirectory(),
  );
  const paths = found
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => !/undo-[^/]*\.csv$/.test(path));
  return Object.fromEntries(paths.sort().map((path) => [relative(root, path), readFileSync(path, "utf8")]));
}

const plan = (classes: Record<string, string>) =>
  planSorting(
    Object.entries(classes).map(([file, name]) => ({ file: at(file), class: name })),
    at("sorted"),
  );

describe("sortFiles", () => {
  it("moves files, numbers names that are taken, and undo brings back every one", async () => {
    put({ "in/a.jpg": "1", "in/x/a.jpg": "2", "in/x/A.jpg": "3", "in/b.jpg": "4", "sorted/cat/a.jpg": "old", "in/y/.hidden": "5" }); // prettier-ignore
    utimesSync(at("in/b.jpg"), 1e9, 1e9);
    const before = tree();
    const placements = plan({ "in/a.jpg": "cat", "in/x/a.jpg": "cat", "in/x/A.jpg": "cat", "in/b.jpg": "dog", "in/y/.hidden": "dog" }); // prettier-ignore
    expect(tree()).toEqual(before); // a plan touches nothing
    const { list, done, failures } = await sortFiles(placements, at("sorted"));
    expect([done.length, failures]).toEqual([5, []]);
    expect(tree()).toEqual({
      "sorted/cat/a.jpg": "old",
      "sorted/cat/a-2.jpg": "1",
      "sorted/cat/a-3.jpg": "2",
      "sorted/cat/A-4.jpg": "3", // where capitals are no difference, too
      "sorted/dog/b.jpg": "4",
      "sorted/dog/.hidden": "5",
    });
    expect(statSync(at("sorted/dog/b.jpg")).mtimeMs).toBe(1e12);
    expect(readFileSync(list!, "utf8").split("\n")[0]).toBe("action,from,to");
    expect(await undoSorting(list!)).toMatchObject({ failures: [], done: { length: 5 } });
    expect(tree()).toEqual(before);
    expect([existsSync(list!), existsSync(at("sorted/dog")), existsSync(at("sorted/cat"))]).toEqual([false, false, true]); // prettier-ignore
  });

  it("overwrites nothing that came after the plan", async () => {
    put({ "in/a.jpg": "1" });
    const placements = plan({ "in/a.jpg": "cat" });
    put({ "sorted/cat/a.jpg": "late" });
    await sortFiles(placements, at("sorted"));
    expect(tree()).toEqual({ "sorted/cat/a.jpg": "late", "sorted/cat/a-2.jpg": "1" });
    expect(placements[0]!.to).toBe(at("sorted/cat/a-2.jpg"));
  });

  it("leaves existing files, links point to the same file, and missing files are reported", async () => {
    put({ "sorted/cat/a.jpg": "1", "in/real.jpg": "2" });
    symlinkSync("real.jpg", at("in/link.jpg"));
    const placements = plan({ "sorted/cat/a.jpg": "cat", "in/link.jpg": "dog", "in/gone.jpg": "dog" });
    const { done, failures } = await sortFiles(placements, at("sorted"));
    expect([placements[0]!.there, done.length, failures.map(({ file }) => file)]).toEqual([true, 1, [at("in/gone.jpg")]]); // prettier-ignore
    expect(tree()).toEqual({ "in/real.jpg": "2", "sorted/cat/a.jpg": "1", "sorted/dog/link.jpg": "2" });
    expect(lstatSync(at("sorted/dog/link.jpg")).isSymbolicLink()).toBe(true);
  });

  it("copies, and undo takes away only what is still a copy", async () => {
    put({ "in/a.jpg": "1", "in/b.jpg": "2" });
    const { list } = await sortFiles(plan({ "in/a.jpg": "cat", "in/b.jpg": "cat" }), at("sorted"), {
      copy: true,
    });
    expect(Object.keys(tree())).toEqual(["in/a.jpg", "in/b.jpg", "sorted/cat/a.jpg", "sorted/cat/b.jpg"]);
    put({ "sorted/cat/b.jpg": "changed" });
    const { failures } = await undoSorting(list!);
    expect(failures).toEqual([{ file: at("sorted/cat/b.jpg"), reason: expect.stringContaining("it has been changed") as string }]); // prettier-ignore
    expect(tree()).toEqual({ "in/a.jpg": "1", "in/b.jpg": "2", "sorted/cat/b.jpg": "changed" });
  });

  it("undo overwrites nothing either", async () => {
    put({ "in/a.jpg": "1" });
    const { list } = await sortFiles(plan({ "in/a.jpg": "cat" }), at("sorted"));
    put({ "in/a.jpg": "new" });
    const { failures } = await undoSorting(list!);
    expect(failures[0]!.reason).toContain("exists again");
    expect(tree()).toEqual({ "in/a.jpg": "new", "sorted/cat/a.jpg": "1" });
  });

  it("makes folders of any class names, inside the folder, each its own", () => {
    const names = [
      "../../up",
      "a/b",
      "a_b",
      "A/b",
      "..",
      "",
      "CON:",
      "x. ",
      ".hidden",
      "日本",
      "n".repeat(300),
    ];
    const placements = planSorting(names.map((name, i) => ({ file: at(`in/${i}.jpg`), class: name })), at("s")); // prettier-ignore
    const folders = placements.map(({ to }) => relative(at("s"), dirname(to)));
    expect(folders).toEqual(["_._.._up", "a_b", "a_b-2", "A_b-3", "_", "_-2", "CON_", "x", "_hidden", "日本", "n".repeat(200)]); // prettier-ignore
  });

  it("reports what is not a list", async () => {
    put({ "a.csv": "file,label\nx,y\n" });
    await expect(undoSorting(at("a.csv"))).rejects.toThrow(DataError);
    await expect(undoSorting(at("a.csv"))).rejects.toThrow(
      "not a list of moved or copied files; expected action,from,to",
    );
    await expect(undoSorting(at("b.csv"))).rejects.toThrow("b.csv: cannot be read");
  });
});
