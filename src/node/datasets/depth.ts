// 16-bit grey, which is clipped.

import { imageFormat, isBuiltIn, Subset, type Dataset } from "../../data/index.js";
import { FileDataset } from "./file-dataset.js";
import { count, some } from "./notes.js";
import { TarDataset } from "./tar.js";

/** Most pictures inspected by their first bytes, evenly spread. */
const LOOKED_AT = 5000;
const PNG_HEADER = 26;

const isDeepGrey = (head: Uint8Array): boolean =>
  head.length >= PNG_HEADER && head[0] === 0x89 && head[1] === 0x50 && head[24] === 16 && head[25] === 0;

/** A picture's file dataset and its index there; undefined for datasets in memory. */
function placeOf(dataset: Dataset): ((i: number) => [FileDataset | TarDataset, number]) | undefined {
  if (dataset instanceof FileDataset || dataset instanceof TarDataset) return (i) => [dataset, i];
  if (!(dataset instanceof Subset)) return undefined;
  const inner = placeOf(dataset.dataset);
  return inner && ((i) => inner(dataset.indices[i]!));
}

/** The first bytes of picture i as its file has them; undefined for datasets in memory, or formats that are not built in. */
export function headOf(dataset: Dataset, i: number, length: number): Uint8Array | undefined {
  const [files, k] = placeOf(dataset)?.(i) ?? [];
  const head = files?.head(k!, length);
  const format = head && imageFormat(head);
  return format !== undefined && isBuiltIn(format) ? head : undefined;
}

/** A note about 16-bit grey PNG pictures among the inspected ones: values above 255 become white, as in Pillow. */
export function depthNotes(dataset: Dataset): string[] {
  const place = placeOf(dataset);
  if (!place) return [];
  const looked = Math.min(dataset.length, LOOKED_AT);
  const deep: string[] = [];
  for (let k = 0; k < looked; k++) {
    const [files, i] = place(Math.floor((k * dataset.length) / looked));
    if (isDeepGrey(files.head(i, PNG_HEADER))) deep.push(files.path(i));
  }
  if (deep.length === 0) return [];
  const among = looked < dataset.length ? ` of the ${count(looked, "picture")} looked at` : "";
  const what = `${count(deep.length, "picture")}${among} in 16-bit grey, in which values above 255 become white, as in Pillow`;
  return [`${dataset.name}: ${what}: ${some(deep)}`];
}
