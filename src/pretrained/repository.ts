// Repositories of the Hugging Face hub: which files they have, and by which hashes these are checked.
// https://huggingface.co/docs/hub/api, the answer with blobs=true.

import { DataError } from "../errors.js";
import { INDEX_FILE, WEIGHT_FILES } from "./sharded.js";

/** Where the hub describes a repository. */
export const describedAt = (hub: string, repo: string, revision: string): string =>
  `${hub}/api/models/${repo}/revision/${encodeURIComponent(revision)}?blobs=true`;

/** What the hub knows about a file. */
interface HubFile {
  readonly rfilename?: string;
  readonly size?: number;
  readonly lfs?: { readonly sha256?: string };
}

/** A repository as the hub describes it. */
export class Repository {
  /** The address of its files, with a slash at the end: of the commit that the revision is now. */
  readonly files: string;
  /** Its licence, by the name that the hub has for it; "not stated" if there is none. */
  readonly licence: string;
  readonly #name: string;
  readonly #siblings: readonly HubFile[];

  /** @throws DataError naming `url`, the address of the description, if it lists no files */
  constructor(about: unknown, hub: string, name: string, revision: string, url: string) {
    const { siblings, sha, cardData } = (about ?? {}) as {
      siblings?: unknown;
      sha?: string;
      cardData?: { license?: unknown };
    };
    if (!Array.isArray(siblings)) throw new DataError(`${url}: got no list of files; expected siblings`);
    const commit = /^[0-9a-f]{40}$/.test(sha ?? "") ? sha! : encodeURIComponent(revision);
    this.files = `${hub}/${name}/resolve/${commit}/`;
    this.licence = typeof cardData?.license === "string" ? cardData.license : "not stated";
    this.#name = name;
    this.#siblings = siblings as HubFile[];
  }

  has(file: string): boolean {
    return this.#siblings.some(({ rfilename }) => rfilename === file);
  }

  /** Its file of weights: the first of WEIGHT_FILES that it has. @throws DataError if it has none */
  weights(op: string): (typeof WEIGHT_FILES)[number] {
    const file = WEIGHT_FILES.find((name) => this.has(name));
    if (file) return file;
    const expected = `${WEIGHT_FILES.slice(0, -1).join(", ")} or ${INDEX_FILE}`;
    throw new DataError(`${op}: ${this.#name} has no file of weights; expected ${expected}`);
  }

  /** The SHA-256 of a file, in hex. @throws DataError if the hub gives none */
  sha256(op: string, file: string): string {
    const hash = this.#siblings.find(({ rfilename }) => rfilename === file)?.lfs?.sha256;
    if (hash && /^[0-9a-f]{64}$/.test(hash)) return hash;
    throw new DataError(`${op}: ${this.#name}: the hub gives no SHA-256 for ${file}`);
  }
}
