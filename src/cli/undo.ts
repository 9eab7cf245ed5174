// fovea undo: reverts predict --move or --copy.

import type { Command } from "commander";
import { undoSorting } from "../node/sort-files.js";
import { count } from "../node/status-line.js";

/** Adds the command to the program. */
export function register(program: Command): void {
  program
    .command("undo")
    .description("revert predict --move or --copy: moves files back, removes copies")
    .argument("<list>", "the list written by predict: DIR/undo-….csv")
    .option("--json", "as JSON: { undone, failures: [{ file, reason }] }")
    .action(async (list: string, { json }: { json?: true }) => {
      const { done, failures } = await undoSorting(list);
      for (const { reason } of failures) console.error(`fovea: ${reason}`);
      if (failures.length > 0) process.exitCode = 1;
      console.log(
        json
          ? JSON.stringify({ undone: done.length, failures }, null, 2)
          : `reverted: ${count(done.length)} of ${count(done.length + failures.length)}`,
      );
    });
}
