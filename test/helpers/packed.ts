// The package as npm would publish it, of dist as it was built last, installed in a folder of its own.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Packed {
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
  readonly tarball: string;
}

/** Packs into `folder`. */
export function pack(folder: string): Packed {
  if (!existsSync(join(root, "dist/index.js")))
    throw new Error("pack: dist is missing; run npm run build first");
  const options = ["--ignore-scripts", "--json", "--pack-destination", folder];
  const printed = execFileSync("npm", ["pack", ...options], { cwd: root, encoding: "utf8", stdio: "pipe" });
  // npm before 12 prints a list, later ones an object by names.
  const [made] = Object.values(
    JSON.parse(printed) as Record<string, Omit<Packed, "tarball"> & { filename: string }>,
  );
  return { ...made!, tarball: join(folder, made!.filename) };
}

/** A new folder with a package.json of its own, and the tarball in its node_modules. */
export function installed(tarball: string): string {
  const folder = mkdtempSync(join(tmpdir(), "fovea-user-"));
  const own = join(folder, "node_modules/fovea");
  mkdirSync(own, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", own, "--strip-components=1"]);
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "user", private: true, type: "module" }),
  );
  return folder;
}
