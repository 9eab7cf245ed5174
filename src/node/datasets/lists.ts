// Datasets of list files. PaddleClas's: "path label" a line in train_list.txt and val_list.txt, "3 cat" in a file of label
// names (https://github.com/PaddlePaddle/PaddleClas, docs/en/data_preparation); with several labels "path<tab>0,0,1,0". And
// tables: CSV or TSV with a header, labels as numbers or as names, several of them in one cell.

import { basename, dirname, extname, join } from "node:path";
import { DataError, short, show } from "../../errors.js";
import { parseCsv } from "../csv.js";
import { readText } from "../files.js";
import { FileDataset, type PictureOptions } from "./file-dataset.js";
import { checkedRows, type ListRow } from "./list.js";
import { MOST_CLASSES } from "./names.js";
import { some } from "./notes.js";
import { entriesIn } from "./scan.js";
import { byRank, partOf, partWord } from "./splits.js";

const LIST = /\.(txt|csv|tsv)$/i;
/** Files of label names: "label_list.txt", "imagenet1k_label_list.txt", "classes.txt". */
const NAMES = /(^|[_-])(labels?|class(es)?)([_-]|\.|$)/i;

/** Headers of tables, in any case. */
const PATHS = [
  "path",
  "file",
  "filename",
  "file_name",
  "filepath",
  "image",
  "image_path",
  "image_name",
  "img",
];
const LABELS = ["label", "labels", "class", "classes", "category", "target", "tags"];

/** A line of a list before its labels have numbers. */
interface Entry {
  line: number;
  path: string;
  text: string;
  words: string[];
}

const isNumber = (word: string): boolean => /^\d+$/.test(word);

/** Labels in one cell. A name may contain a space, so spaces separate only numbers. */
function wordsIn(text: string): string[] {
  if (text === "" || text === "-") return [];
  const parted = text.split(/[,;|]/).map((word) => word.trim());
  if (parted.length > 1) return parted;
  const spaced = text.split(/\s+/);
  return spaced.every(isNumber) ? spaced : [text];
}

/** Lines of "path label", separated by the last tab or space. */
function plainEntries(file: string): Entry[] {
  return readText(file)
    .split(/\r?\n/)
    .flatMap((text, i) => {
      const line = text.trimEnd();
      if (line === "") return [];
      const at = line.includes("\t") ? line.indexOf("\t") : line.lastIndexOf(" ");
      if (at <= 0) throw new DataError(`${file}:${i + 1}: no label; got ${show(line)}; expected path label`);
      const label = line.slice(at + 1).trim();
      return [{ line: i + 1, path: line.slice(0, at), text: label, words: wordsIn(label) }];
    });
}

/** Rows of a table whose header names a column of paths and one of labels. */
function tableEntries(file: string): Entry[] {
  const text = readText(file);
  const rows = /\.tsv$/i.test(file)
    ? text.split(/\r?\n/).map((line) => line.split("\t"))
    : parseCsv(text, () => {
        throw new DataError(`${file}: an unclosed quote; expected comma-separated values`);
      });
  const header = (rows[0] ?? []).map((cell) => cell.trim().toLowerCase().replaceAll(" ", "_"));
  const [path, label] = [PATHS, LABELS].map((known) => header.findIndex((cell) => known.includes(cell)));
  if (path! < 0 || label! < 0) {
    const expected = "expected a header with path (or file, image) and label (or labels, class)";
    throw new DataError(
      `${file}:1: not a table of pictures; got ${show(rows[0]?.join(",") ?? "")}; ${expected}`,
    );
  }
  return rows.slice(1).flatMap((row, i) => {
    if (row.every((cell) => cell.trim() === "")) return [];
    if (row.length !== header.length) {
      throw new DataError(`${file}: row ${i + 2} has ${row.length} cells; expected ${header.length}`);
    }
    const text = row[label!]!.trim();
    return [{ line: i + 2, path: row[path!]!.trim(), text, words: wordsIn(text) }];
  });
}

function entriesOf(file: string): Entry[] {
  const entries = /\.txt$/i.test(file) ? plainEntries(file) : tableEntries(file);
  if (entries.length === 0) throw new DataError(`${file}: no pictures; expected lines of path and label`);
  const many = entries.find(({ words }) => words.length > MOST_CLASSES);
  if (many) {
    const got = `got ${many.words.length} labels; expected at most ${MOST_CLASSES}`;
    throw new DataError(`${file}:${many.line}: too many labels of a picture; ${got}`);
  }
  return entries;
}

/** Whether labels are 0 or 1 for each class: the same number in every line, and a repeated one somewhere, unlike in a list of classes. */
function isOneHot(entries: readonly Entry[]): boolean {
  const classes = entries[0]!.words.length;
  return (
    classes > 1 &&
    entries.every(({ words }) => words.length === classes && words.every((w) => w === "0" || w === "1")) &&
    entries.some(({ words }) => new Set(words).size < words.length)
  );
}

/** Names of the classes in a file beside the lists, with lines of "3 cat" or of names. */
function classNames(file: string): string[] {
  const lines = readText(file)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "");
  const numbered = lines.map((line) => /^(\d+)\s+(.+)$/.exec(line.trim()));
  if (!numbered.every((match) => match !== null)) return lines.map((line) => line.trim());
  const names: string[] = [];
  numbered.forEach(([, number, name], i) => {
    const label = Number(number);
    const fail = (what: string): never => {
      throw new DataError(`${file}:${i + 1}: ${what}`);
    };
    if (label >= MOST_CLASSES) fail(`label out of range; got ${label}; expected 0…${MOST_CLASSES - 1}`);
    if (names[label] !== undefined) fail(`label ${label} has two names; got ${short(name!)}`);
    names[label] = name!.trim();
  });
  const missing = Array.from(names).indexOf(undefined as never);
  if (missing >= 0) throw new DataError(`${file}: no name of label ${missing}; expected one of each`);
  return names;
}

/** The list files of a folder by part, and the file with the classes' names. */
interface Lists {
  root: string;
  train?: string;
  val?: string;
  names?: string;
  more: string[];
}

/** The lists in a folder: files with a part in their names, such as train_list.txt or val.csv. */
export function listsIn(root: string): Lists | undefined {
  const files = entriesIn(root).files.filter((name) => LIST.test(name));
  const names = files.find((name) => NAMES.test(name) && partWord(name) === undefined);
  const lists = files.filter((name) => partWord(name) !== undefined && !NAMES.test(name));
  const [train] = lists.filter((name) => partOf(partWord(name)!) === "train");
  const [val, ...more] = lists
    .filter((name) => partOf(partWord(name)!) === "val")
    .sort((a, b) => byRank(partWord(a)!, partWord(b)!));
  if (train === undefined && val === undefined) return undefined;
  const found = { ...(train && { train }), ...(val && { val }), ...(names && { names }) };
  return { root, more, ...found };
}

/** The list at a path, as the one to train on, with the other lists of its folder. */
export function listAt(path: string): Lists | undefined {
  if (!LIST.test(path)) return undefined;
  const [root, name] = [dirname(path), basename(path)];
  const beside = listsIn(root);
  const val =
    beside?.val && extname(beside.val) === extname(name) && beside.val !== name ? beside.val : undefined;
  const names = beside?.names ?? entriesIn(root).files.find((file) => NAMES.test(file) && LIST.test(file) && file !== name); // prettier-ignore
  return { root, train: name, more: [], ...(val && { val }), ...(names && { names }) };
}

/** The datasets of a folder's lists. @throws DataError naming file and line of what is wrong */
export function openLists(
  { root, train, val, names, more }: Lists,
  options: PictureOptions,
): { train?: FileDataset; val?: FileDataset; notes: string[] } {
  const files = [train, val].filter((name) => name !== undefined);
  const all = new Map(files.map((name) => [name, entriesOf(join(root, name))]));
  const entries = [...all.values()].flat();
  const oneHot = isOneHot(entries);
  const several = oneHot || entries.some(({ words }) => words.length !== 1);
  const numbers = entries.every(({ words }) => words.every(isNumber));
  const named = names === undefined ? undefined : classNames(join(root, names));
  // Without a file of names, the names are those in the training list, in the order of code points.
  const own = (train ?? val)!;
  const classes =
    named ??
    (numbers
      ? undefined
      : [...new Set(all.get(own)!.flatMap(({ words }) => words))].sort((a, b) => (a < b ? -1 : 1)));
  const width = oneHot ? entries[0]!.words.length : numbers ? largest(entries) + 1 : classes!.length;
  const known = classes ?? Array.from({ length: width }, (_, label) => String(label));
  const numbersOf = new Map(known.map((name, label) => [name, label]));
  const open = (name: string): FileDataset => {
    const file = join(root, name);
    const rows = all.get(name)!.map((entry): ListRow => ({ ...entry, own: labelsOf(entry, oneHot, numbers, known, numbersOf, file) })); // prettier-ignore
    return new FileDataset({
      name: file,
      root,
      options,
      ...checkedRows(root, file, rows, { classes: known, multiLabel: several }),
    });
  };
  const notes = more.length ? [`${root}: not read, as ${val} is there: ${some(more)}`] : [];
  return { ...(train && { train: open(train) }), ...(val && { val: open(val) }), notes };
}

const largest = (entries: readonly Entry[]): number =>
  entries.reduce((most, { words }) => words.reduce((a, word) => Math.max(a, Number(word)), most), 0);

function labelsOf(
  { line, words }: Entry,
  oneHot: boolean,
  numbers: boolean,
  classes: readonly string[],
  numbersOf: ReadonlyMap<string, number>,
  file: string,
): number[] {
  if (oneHot) return words.flatMap((word, label) => (word === "1" ? [label] : []));
  if (numbers) return words.map(Number);
  return words.map((word) => {
    const label = numbersOf.get(word);
    if (label !== undefined) return label;
    throw new DataError(
      `${file}:${line}: unknown class; got ${show(word)}; expected one of ${some(classes)}`,
    );
  });
}
