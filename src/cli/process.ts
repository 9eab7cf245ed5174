// program.ts, run as a process.

import "../node/data-workers.js";

import { run } from "./program.js";

const FAILURE = 1;
const INTERRUPTED = 130;

process.stderr.on("error", () => {}); // a closed log or a full disk must not end the work
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") return void (process.argv[2] === "train" || process.exit(0)); // the reader is gone
  console.error(`fovea: stdout: cannot be written: ${error.message}`);
  process.exit(FAILURE);
});
process.on("SIGINT", () => {
  if (process.listenerCount("SIGINT") === 1) process.exit(INTERRUPTED); // other commands save their state
});

process.exitCode = await run(process.argv.slice(2));
