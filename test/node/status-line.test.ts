// Progress lines on terminals of any width, and where there is no terminal.

import { describe, expect, it } from "vitest";
import { downloadProgress, epochLine, Progress, stepLine } from "../../src/node/progress.js";
import { columnsOf, Counter, cut, StatusLine } from "../../src/node/status-line.js";

const step = { epoch: 12, epochs: 300, step: 1300, steps: 2500, loss: 0.21341, top1: 0.9341, lr: 0.01, imagesPerSecond: 12345.4, dataWait: 0.02, secondsLeft: 36_000 }; // prettier-ignore
const row = { epoch: 12, train_loss: 0.25, train_top1: 0.5, eval_loss: 0.2, eval_top1: 0.75, eval_top5: 1, lr: 0.01, seconds: 1234.5, train_count: 100, images_per_second: 30_000, data_wait: 0.125, skipped: 0 }; // prettier-ignore

/** A stream that keeps what is written. */
function screen(columns?: number): {
  written: string[];
  isTTY: boolean;
  columns?: number;
  write(text: string): boolean;
} {
  const written: string[] = [];
  const write = (text: string): boolean => written.push(text) > 0;
  return { written, isTTY: columns !== undefined, ...(columns !== undefined && { columns }), write };
}

/** What a terminal shows after these writes, its wrapped lines included. */
function rows(written: readonly string[], columns: number): string[] {
  const lines = [""];
  for (const part of written.join("").split(/(\r\x1b\[K|\n)/)) {
    if (part === "\n") lines.push("");
    else if (part === "\r\x1b[K") lines[lines.length - 1] = "";
    else {
      for (const letter of part) {
        if (columnsOf(lines.at(-1)! + letter) > columns) lines.push("");
        lines[lines.length - 1] += letter;
      }
    }
  }
  return lines;
}

describe("progress lines", () => {
  it.each([20, 40, 60, 80, 100, 120, 200])("fit a terminal of %i columns, and do not wrap", (columns) => {
    const out = screen(columns);
    const progress = new Progress(out);
    for (const epoch of [12, 13]) {
      progress.onStep({ ...step, epoch });
      progress.onStep({ ...step, epoch, step: step.steps });
      progress.epoch({ ...row, epoch }, 300);
    }
    const shown = rows(out.written, columns);
    expect(shown).toHaveLength(3); // two epochs' and the empty one below
    expect(shown[0]).toMatch(/^epoch 12\/300/);
    expect(shown[1]).toMatch(/^epoch 13\/300/);
    expect(Math.max(...shown.map(columnsOf))).toBeLessThan(columns);
  });

  it("keep what matters most", () => {
    expect(stepLine(step, 79)).toBe(
      "epoch 12/300  52 %  loss 0.2134  top-1 93.41 %  12,345 images/s  ETA 10:00:00",
    );
    expect(stepLine(step, 60)).toBe("epoch 12/300  52 %  loss 0.2134  top-1 93.41 %  ETA 10:00:00");
    expect(stepLine(step, 59)).toBe("epoch 12/300 [======     ]  52 %  loss 0.2134  ETA 10:00:00");
    expect(stepLine({ ...step, epoch: 1, epochs: 6, secondsLeft: 31 }, 79)).toBe("epoch 1/6 [===   ]  52 %  loss 0.2134  top-1 93.41 %  12,345 images/s  ETA 0:31"); // prettier-ignore
    expect(stepLine(step, 39)).toBe("epoch 12/300  52 %  loss 0.2134");
    expect(epochLine(row, 300, 79)).toBe(
      "epoch 12/300  train loss 0.2500  test loss 0.2000 top-1 75.00 %  1234.5 s",
    );
    expect(epochLine(row, 300, 59)).toBe("epoch 12/300  train loss 0.2500  test top-1 75.00 %");
    expect(epochLine({ ...row, skipped: 3 }, 300, 79)).toContain("  3 unreadable images skipped");
  });

  it("are whole and plain without a terminal", () => {
    const out = screen();
    const progress = new Progress(out);
    progress.onStep(step); // comes too soon to be told
    progress.epoch(row, 300);
    expect(out.written).toEqual([`${epochLine(row, 300)}\n`]);
    expect(out.written[0]).not.toMatch(/[\r\x1b]/);
    expect(columnsOf(out.written[0]!)).toBeGreaterThan(120);
  });

  it("count images with a bar, and go away at the end", () => {
    const out = screen(60);
    const counter = new Counter("evaluated", 10_000, out);
    counter.at(2500);
    counter.end();
    expect(rows(out.written.slice(0, 1), 60)[0]).toMatch(
      /^evaluated \[==* *\] {2}25 % {2}2,500 of 10,000 images {2}ETA /,
    );
    expect(rows(out.written, 60)).toEqual([""]);
    const none = screen();
    new Counter("evaluated", 3, none).at(3);
    expect(none.written).toEqual([]);
  });

  it("cut what does not fit, wide letters and control characters included", () => {
    expect(cut("日本の猫", 8)).toBe("日本の猫");
    expect(cut("日本の猫", 7)).toBe("日本の…");
    expect(cut("a\x1b[2Jb\nc", 9)).toBe("ab\ufffdc");
    expect([cut("abc", 3), cut("abcd", 3), cut("abc", 0)]).toEqual(["abc", "ab…", ""]);
    const out = screen(20);
    downloadProgress(out)({ url: "https://a.b/a-file-with-a-long-name.tar.gz", received: 1e6, total: 3e6 });
    expect(rows(out.written, 20)).toHaveLength(1);
    const line = new StatusLine(out);
    expect(line.width).toBe(19);
  });
});
