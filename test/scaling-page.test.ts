// The table of docs/guides/clusters.md is computed by the cost model from a step that was measured on one machine. To measure it anew, on a
// quiet machine, and to write the table: node dist/cli.js bench resnet18 --mpi --batch-size 8 --json > benchmarks/scaling.json
// npx vitest run test/scaling-page.test.ts -u

import { readFileSync } from "node:fs";
import { format } from "prettier";
import { expect, it } from "vitest";
import { LINKS, type JobBench } from "../src/cli/bench-job.js";
import { forecast } from "../src/train/scaling.js";

const PROCESSES = [8, 64, 512, 1024];
const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

it("the guide's table is the cost model's", async () => {
  const { model, environment, scalings } = JSON.parse(read("benchmarks/scaling.json")) as JobBench;
  const { batchSize, cost } = scalings[0]!;
  const bytes = cost.buckets.reduce((sum, bucket) => sum + bucket.bytes, 0);
  const threads = environment.threads === 1 ? "one thread" : `${environment.threads} threads`;
  const cell = (processes: number, link: string): string => {
    const { stepMs, efficiency } = forecast(cost, processes, LINKS[link]!);
    return `${(stepMs / 1000).toFixed(2)} s, ${Math.round(100 * efficiency)} %`;
  };
  const names = Object.keys(LINKS);
  const rows = PROCESSES.map((n) => [n.toLocaleString("en"), ...names.map((link) => cell(n, link))]);
  const table = [["hosts", ...names], ["---", ...names.map(() => "---")], ...rows];
  const text = `
For ${model} and ${batchSize} images per process, whose step takes ${(cost.stepMs / 1000).toFixed(2)} s on ${threads} (${environment.cpu}), with
${(bytes / 1e6).toFixed(1)} MB of gradients, it predicts these steps and efficiencies. A message is taken to cost ${Object.values(
    LINKS,
  )
    .map(({ latencyMs }) => 1000 * latencyMs)
    .join(", ")} microseconds on these links:

${table.map((row) => `| ${row.join(" | ")} |`).join("\n")}

`;
  const page = read("docs/guides/clusters.md");
  const parts = /(<!-- npx vitest run test\/scaling-page.test.ts -u -->\n)[^]*?(<!-- end -->)/;
  expect(page).toMatch(parts);
  const written = page.replace(parts, (_, begin: string, end: string) => `${begin}${text}${end}`);
  await expect(await format(written, { parser: "markdown", printWidth: 110 })).toMatchFileSnapshot(
    "../docs/guides/clusters.md",
  );
});
