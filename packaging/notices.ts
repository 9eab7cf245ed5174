// THIRD_PARTY_NOTICES.md: the licences of the packages of which the build has put something into dist.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "esbuild";

/** Where packages lie → their files that were bundled. */
const bundled = new Map<string, Set<string>>();

/** Notes which packages a build has used. */
export const bundledPackages: Plugin = {
  name: "bundled packages",
  setup({ initialOptions, onEnd }) {
    initialOptions.metafile = true;
    onEnd(({ metafile }) => {
      const used = Object.values(metafile?.outputs ?? {}).flatMap(({ inputs }) => Object.entries(inputs));
      for (const [file, { bytesInOutput }] of used) {
        const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
        if (folder === undefined || bytesInOutput === 0) continue;
        bundled.set(folder, (bundled.get(folder) ?? new Set<string>()).add(file));
      }
    });
  },
};

/** The text of Apache-2.0, which sources under it refer to. */
const APACHE = "node_modules/typescript/LICENSE.txt";

/** Comments in a package's sources that state other rights than its licence file. */
function rightsInside(files: ReadonlySet<string>): string[] {
  const comments = [...files].flatMap((file) => readFileSync(file, "utf8").match(/\/\*[^]*?\*\//g) ?? []);
  return [...new Set(comments.filter((comment) => /copyright/i.test(comment)))];
}

interface Notice {
  readonly title: string;
  readonly texts: readonly string[];
  /** Whether a text refers to the licence of that name without holding it. */
  readonly apache: boolean;
}

function noticeOf([folder, files]: [string, ReadonlySet<string>]): Notice {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<
    string,
    string
  >;
  const file = readdirSync(folder).find((each) => /^(licen[cs]e|copying)(\.\w+)?$/i.test(each));
  if (file === undefined || typeof license !== "string") {
    throw new Error(`notices: ${folder} is bundled and has no licence; got ${license}, ${file}`);
  }
  const texts = [readFileSync(join(folder, file), "utf8"), ...rightsInside(files)];
  const apache = texts.some((text) => /apache license/i.test(text) && text.length < 5000);
  return { title: `${name} ${version} (${license})`, texts, apache };
}

const fenced = (text: string): string => `\`\`\`\n${text.replaceAll("\r", "").trim()}\n\`\`\``;

/** The page, once all builds have ended. */
export function notices(): string {
  const all = [...bundled].map(noticeOf).sort((a, b) => (a.title < b.title ? -1 : 1));
  const parts = all.map(({ title, texts }) => `## ${title}\n\n${texts.map(fenced).join("\n\n")}`);
  if (all.some(({ apache }) => apache)) {
    if (!existsSync(APACHE)) throw new Error(`notices: ${APACHE} is missing`);
    const [text] = readFileSync(APACHE, "utf8").split(/^\s*APPENDIX/m);
    parts.push(`## Apache License 2.0\n\n${fenced(text!)}`);
  }
  const head = "# Third-party notices\n\nThe files of this package hold parts of the packages below.";
  return `${[head, ...parts].join("\n\n")}\n`;
}
