// What config.json says of the images that a model was trained on.

/** The images of a part of a dataset. */
export interface PartDigest {
  /** How many there are. */
  readonly images: number;
  /** SHA-256 of their names and classes. What is in the files is not read. */
  readonly sha256: string;
}

/** What config.json says of the data that a model was trained on. */
export interface TrainedOn {
  /** SHA-256 of the folder's path: it is known again, and the file does not tell where it was. */
  readonly folder: string;
  /** By what the part for evaluation was split off; null where the data had one, or none was wanted. */
  readonly split: {
    /** Share of the images. */
    readonly valFraction: number;
    /** Seed of the draw. */
    readonly seed: number;
  } | null;
  /** What was trained on. */
  readonly train: PartDigest;
  /** What was kept for evaluation; null if there was nothing. */
  readonly val: PartDigest | null;
}

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === "object" && v !== null;
const isDigest = (v: unknown): v is PartDigest =>
  isObject(v) && Number.isSafeInteger(v["images"]) && typeof v["sha256"] === "string";
const isSplit = (v: unknown): boolean =>
  v === null || (isObject(v) && Number.isFinite(v["valFraction"]) && Number.isSafeInteger(v["seed"]));

/** Whether a value of config.json is what trainedOn() gives. */
export function isTrainedOn(v: unknown): v is TrainedOn {
  if (!isObject(v) || typeof v["folder"] !== "string") return false;
  return isSplit(v["split"]) && isDigest(v["train"]) && (v["val"] === null || isDigest(v["val"]));
}
