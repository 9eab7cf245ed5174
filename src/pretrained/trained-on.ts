// The entry in config.json about the images that a model was trained on.

/** The images of a part of a dataset. */
export interface PartDigest {
  /** Number of images. */
  readonly images: number;
  /** SHA-256 of their names and classes. The files' contents are not read. */
  readonly sha256: string;
}

/** The entry in config.json about the data that a model was trained on. */
export interface TrainedOn {
  /** SHA-256 of the folder's path, which identifies the folder without revealing it. */
  readonly folder: string;
  /** How the part for evaluation was split off; null if the data had one, or none was requested. */
  readonly split: {
    /** Share of the images. */
    readonly valFraction: number;
    /** Seed of the draw. */
    readonly seed: number;
  } | null;
  /** The images trained on. */
  readonly train: PartDigest;
  /** The images kept for evaluation; null if there were none. */
  readonly val: PartDigest | null;
}

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === "object" && v !== null;
const isDigest = (v: unknown): v is PartDigest =>
  isObject(v) && Number.isSafeInteger(v["images"]) && typeof v["sha256"] === "string";
const isSplit = (v: unknown): boolean =>
  v === null || (isObject(v) && Number.isFinite(v["valFraction"]) && Number.isSafeInteger(v["seed"]));

/** Whether a value of config.json is a result of trainedOn(). */
export function isTrainedOn(v: unknown): v is TrainedOn {
  if (!isObject(v) || typeof v["folder"] !== "string") return false;
  return isSplit(v["split"]) && isDigest(v["train"]) && (v["val"] === null || isDigest(v["val"]));
}
