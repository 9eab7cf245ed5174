// fovea undo: takes back what predict --move or --copy did.

import type { Command } from "commander";
import { undoSorting } from "../node/sort-files.js";
import { count } from "../node/status-line.js";

/** Adds the command to the program. */
export function register(program: Command): void {
  program
    .command("undo")
    .description(
      "take back what predict --move or --copy did: files go back to where they were, copies go away",
    )
    .argument("<list>", "the list that was written: DIR/undo-….csv")
    .option("--json", "as JSON: { undone, failures: [{ file, reason }] }")
    .action(async (list: string, { json }: { json?: true }) => {
      const { done, failures } = await undoSorting(list);
      for (const { reason } of failures) console.error(`fovea: ${reason}`);
      if (failures.length > 0) process.exitCode = 1;
      console.log(
        json
          ? JSON.stringify({ undone: done.length, failures }, null, 2)
          : `taken back: ${count(done.length)} of ${count(done.length + failures.length)}`,
      );
    });
}
