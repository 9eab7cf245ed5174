// docs/options.md is written from the tables: optimizers, schedules, augmentations, flags. After a change of theirs:
// npx vitest run test/options-page.test.ts -u

import { format } from "prettier";
import { expect, it } from "vitest";
import { optimizerInfo, optimizerNames, scheduleInfo, scheduleNames } from "../src/index.js";
import { flagOf } from "../src/node/resolve-arguments.js";
import { optionGroups, type TrainOption } from "../src/node/train-options.js";

const code = (text: string): string => `\`${text.replaceAll("|", "\\|")}\``;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** "momentum 0, nesterov false"; names alone where there is no default. */
const listed = (options: Readonly<Record<string, unknown>>): string =>
  Object.entries(options)
    .map(([name, value]) => code(value === undefined ? name : `${name} ${JSON.stringify(value)}`))
    .join(", ");

const optimizers = table(
  ["name", "options and their defaults", "`fovea train`: rate for 256 images a step", "weight decay"],
  optimizerNames.map((name) => {
    const { options, usual } = optimizerInfo(name);
    const growth = usual.growth === "sqrt" ? "grows with their square root" : "grows with them";
    return [code(name), listed(options), `${usual.lr}, ${growth}`, String(usual.weightDecay)];
  }),
);

const common = scheduleInfo("constant").options;
const schedules = table(
  ["name", "options of its own and their defaults", "follows"],
  scheduleNames.map((name) => {
    const { options, follows } = scheduleInfo(name);
    const own = Object.entries(options).filter(([option]) => !Object.hasOwn(common, option));
    return [code(name), listed(Object.fromEntries(own)), follows === "losses" ? "evaluation losses" : (follows ?? "nothing")]; // prettier-ignore
  }),
);

/** A flag as --help shows it. */
function flagRow([name, option]: [string, TrainOption<unknown>]): string[] {
  const { kind, default: value, help, short, needs = {} } = option;
  const flag = value === true ? `--no-${flagOf(name).slice(2)}` : flagOf(name);
  const metavar = typeof value === "boolean" ? "" : ` ${kind.metavar}`;
  const plain =
    typeof value === "number" || typeof value === "string" || (Array.isArray(value) && value.length > 0);
  const says = Object.entries(needs).map(([other, condition]) => condition.says(flagOf(other)));
  return [code(`${short ? `-${short}, ` : ""}${flag}${metavar}`), help.replaceAll("|", "\\|"), plain ? code(String(value)) : "", says.join(" and ")]; // prettier-ignore
}

const flags = optionGroups.map(
  ([title, options]) =>
    `### ${title === "Options:" ? "General" : title.replace(":", "")}\n\n${table(["flag", "what it is", "default", "needs"], Object.entries(options as Record<string, TrainOption<unknown>>).map(flagRow))}`,
);

it("docs/options.md says what the tables say", async () => {
  const page = `# Options

Written from the tables in \`src/optim/\`, \`src/data/augment/augmentations.ts\` and \`src/node/options/\` by
\`npx vitest run test/options-page.test.ts -u\`.

## Optimizers

\`createOptimizer(name, parameters, options)\`, \`fovea train --opt NAME\`, \`optimizerInfo(name)\`.

${optimizers}

## Schedules

\`createSchedule(name, options)\`, \`fovea train --sched NAME\`, \`scheduleInfo(name)\`. All take ${listed(common)}.

${schedules}

## Flags of \`fovea train\`

In recipes and in code they are named as arguments: \`--batch-size\` is \`batchSize\`.

${flags.join("\n\n")}
`;
  await expect(await format(page, { parser: "markdown", printWidth: 110 })).toMatchFileSnapshot(
    "../docs/options.md",
  );
});
