import { describe, expect, it } from "vitest";
import {
  CalibrationError,
  ConfusionMatrix,
  crossEntropy,
  DataError,
  focalLoss,
  MeanAveragePrecision,
  tensor,
  tidy,
  WorstMistakes,
  type Metric,
  type MetricBatch,
} from "../../src/index.js";
import golden from "../golden/metrics.json" with { type: "json" };

/** Batches of `size` images. */
function* batches(
  logits: readonly number[][],
  { labels, targets }: { labels?: readonly number[]; targets?: readonly number[][] },
  size = logits.length,
): Generator<MetricBatch> {
  for (let begin = 0; begin < logits.length; begin += size) {
    const rows = logits.slice(begin, begin + size);
    const own = targets?.slice(begin, begin + size);
    yield {
      logits: Float32Array.from(rows.flat()),
      labels: Int32Array.from(labels?.slice(begin, begin + size) ?? own!.map((row) => row.indexOf(1))),
      ...(own && { targets: Float32Array.from(own.flat()) }),
      indices: Uint32Array.from(rows, (_, i) => begin + i),
      classes: logits[0]!.length,
    };
  }
}

function told<M extends Metric>(metric: M, ...all: Parameters<typeof batches>): M {
  for (const batch of batches(...all)) metric.update(batch);
  return metric;
}

const column = <K extends string>(rows: readonly Record<K, number>[], key: K): number[] =>
  rows.map((r) => r[key]);

function expectClose(got: readonly number[], want: readonly number[]): void {
  expect(got).toHaveLength(want.length);
  want.forEach((v, i) => expect(got[i]).toBeCloseTo(v, 12));
}

describe("ConfusionMatrix", () => {
  const { labels, logits, matrix, macro, ...scores } = golden.labels;

  it.each([60, 7, 1])("counts and scores as scikit-learn, in batches of %i", (size) => {
    const confusion = told(new ConfusionMatrix(), logits, { labels }, size);
    expect(confusion.matrix).toEqual(matrix);
    const perClass = confusion.perClass();
    for (const key of ["precision", "recall", "f1", "support"] as const) {
      expectClose(column(perClass, key), scores[key]);
    }
    const mean = confusion.macro();
    expectClose([mean.precision, mean.recall, mean.f1], macro);
    expect(mean.support).toBe(60);
  });

  it("lists the most confused pairs, of equals the earlier classes", () => {
    const guess = (j: number): number[] => [0, 1, 2].map((i) => (i === j ? 1 : 0));
    const confusion = told(new ConfusionMatrix(), [2, 0, 2, 1, 0, 0, 2].map(guess), {
      labels: [0, 1, 0, 2, 0, 1, 2],
    });
    expect(confusion.mostConfused()).toEqual([
      { label: 0, guess: 2, count: 2, share: 2 / 3 },
      { label: 1, guess: 0, count: 2, share: 1 },
      { label: 2, guess: 1, count: 1, share: 1 / 2 },
    ]);
    expect(confusion.mostConfused(1)).toHaveLength(1);
  });

  it("holds only what occurs: 21,841 classes and a few images", () => {
    const row = new Array<number>(21841).fill(0);
    row[20000] = 1;
    const confusion = told(new ConfusionMatrix(), [row, row], { labels: [3, 20000] });
    expect(confusion.mostConfused()).toEqual([{ label: 3, guess: 20000, count: 1, share: 1 }]);
    expect(confusion.perClass()[20000]).toEqual({ precision: 0.5, recall: 1, f1: 2 / 3, support: 1 });
  });

  it("refuses NaN, and images of several classes", () => {
    expect(() => told(new ConfusionMatrix(), [[0], [NaN]], { labels: [0, 0] })).toThrow(
      new DataError("ConfusionMatrix: a logit is NaN; got it for image 1, class 0"),
    );
    expect(() => told(new CalibrationError(), [[0, Infinity]], { labels: [0] })).toThrow(
      new DataError("CalibrationError: a logit is Infinity; got it for image 0, class 1"),
    );
    expect(() => told(new ConfusionMatrix(), [[1, 2]], { targets: [[1, 1]] })).toThrow(
      new DataError("ConfusionMatrix: needs one class for each image; got targets of several"),
    );
  });
});

describe("CalibrationError", () => {
  it("is Guo's, with his 15 bins", () => {
    const { labels, logits, ece } = golden.labels;
    const calibration = told(new CalibrationError(), logits, { labels }, 16);
    expect(calibration.bins).toHaveLength(15);
    expect(column(calibration.bins, "count").reduce((a, b) => a + b)).toBe(60);
    expect(calibration.ece).toBeCloseTo(ece, 12);
  });

  it("puts confidences into (low, high]: by hand", () => {
    // Probabilities of the guess: ½, ¾ and 1.
    const logits = [
      [0, 0],
      [Math.log(3), 0],
      [0, 1000],
    ];
    const calibration = told(new CalibrationError({ bins: 4 }), logits, { labels: [1, 0, 1] });
    const [, second, third, fourth] = calibration.bins;
    expect(second).toEqual({ low: 0.25, high: 0.5, count: 1, accuracy: 0, confidence: 0.5 });
    expect(third!.count + fourth!.count).toBe(2); // ln 3 in f32 is on either side of ¾
    expect(calibration.bins[0]).toEqual({ low: 0, high: 0.25, count: 0, accuracy: 0, confidence: 0 });
    expect(calibration.ece).toBeCloseTo((0.5 + 0.25) / 3, 6);
  });

  it("puts a confidence on an edge below it, whatever the bins: 1/75 of 525, 7/525", () => {
    const logits = [new Array<number>(75).fill(0)];
    const { bins } = told(new CalibrationError({ bins: 525 }), logits, { labels: [0] });
    expect(bins.findIndex(({ count }) => count > 0)).toBe(6);
    expect(bins[6]!.high).toBe(bins[6]!.confidence);
  });

  it("puts a confidence of 1 into the last bin, with those below: by hand", () => {
    const calibration = told(new CalibrationError({ bins: 1 }), [[0, 1000], [Math.log(3), 0]], { labels: [0, 0] }); // prettier-ignore
    expect(calibration.bins[0]!.count).toBe(2);
    expect(calibration.ece).toBeCloseTo(0.875 - 0.5, 6);
  });

  it("refuses an invalid number of bins", () => {
    expect(() => new CalibrationError({ bins: 0 })).toThrow(
      new DataError("CalibrationError: bins must be an integer ≥ 1; got 0"),
    );
  });
});

describe("MeanAveragePrecision", () => {
  const { targets, logits, ap, mAP, ...scores } = golden.targets;

  it.each([60, 7])(
    "is scikit-learn's and TorchMetrics', equal scores and a class without images included, in batches of %i",
    (size) => {
      const precision = told(new MeanAveragePrecision(), logits, { targets }, size);
      const perClass = precision.perClass();
      expect(perClass[3]!.ap).toBeNaN();
      for (const [j, want] of Object.entries(ap)) expect(perClass[Number(j)]!.ap).toBeCloseTo(want, 12);
      expect(precision.value).toBeCloseTo(mAP, 12);
      for (const key of ["precision", "recall", "f1", "support"] as const) {
        expectClose(column(perClass, key), scores[key]);
      }
    },
  );

  it("is not interpolated: by hand", () => {
    // Right, wrong, right: precisions 1 and 2/3 at recalls ½ and 1.
    const precision = told(new MeanAveragePrecision(), [[3], [2], [1]], { targets: [[1], [0], [1]] });
    expect(precision.value).toBeCloseTo(0.5 + 0.5 * (2 / 3), 12);
  });

  it("refuses labels, and NaN", () => {
    expect(() => told(new MeanAveragePrecision(), [[1, 2]], { labels: [1] })).toThrow(
      new DataError("MeanAveragePrecision: needs targets of several classes; got labels alone"),
    );
    expect(() =>
      told(
        new MeanAveragePrecision(),
        [
          [1, 2],
          [0, NaN],
        ],
        {
          targets: [
            [1, 0],
            [1, 0],
          ],
        },
      ),
    ).toThrow(new DataError("MeanAveragePrecision: a logit is NaN; got it for image 1, class 1"));
  });
});

describe("the focal loss with weights of classes", () => {
  it("is cross-entropy's sum over the images' number, not over their weights", () => {
    tidy(() => {
      const x = tensor([[1, 2, 0], [0, 1, 3], [2, 0, 1], [0, 0, 1]]); // prettier-ignore
      const y = tensor(Int32Array.of(0, 1, 1, 2));
      const weight = [0.5, 2, 4];
      const sum = crossEntropy(x, y, { weight, reduction: "sum" }).item();
      expect(focalLoss(x, y, { alpha: weight, gamma: 0 }).item()).toBeCloseTo(sum / 4, 6);
      expect(crossEntropy(x, y, { weight }).item()).toBeCloseTo(sum / 8.5, 6);
    });
  });
});

describe("WorstMistakes", () => {
  it("keeps the largest losses in order, whatever the batches", () => {
    const logits = [
      [0, 0],
      [-1000, 1000],
      [0, Math.log(3)],
      [5, 0],
      [0, 0],
    ];
    const labels = [0, 0, 0, 0, 1];
    for (const size of [1, 2, 5]) {
      const { worst } = told(new WorstMistakes(3), logits, { labels }, size);
      expect(column(worst, "index")).toEqual([1, 2, 0]);
      expect(worst[0]).toEqual({ index: 1, label: 0, truth: [0], guess: 1, probability: 1, loss: 2000 });
      expect(worst[1]!.loss).toBeCloseTo(Math.log(4), 6);
      expect(worst[1]!.probability).toBeCloseTo(0.75, 6);
      expect(worst[2]!.loss).toBeCloseTo(Math.log(2), 12);
    }
  });

  it("measures images of several classes by binary cross-entropy", () => {
    const { worst } = told(
      new WorstMistakes(),
      [
        [0, 0],
        [-1000, 1000],
        [-1, -2],
      ],
      {
        targets: [
          [1, 1],
          [1, 0],
          [0, 0],
        ],
      },
    );
    expect(worst.map(({ index, label, guess }) => [index, label, guess])).toEqual([
      [1, 0, 1],
      [0, 0, 0],
      [2, -1, 0],
    ]);
    expect(worst[0]!.loss).toBe(1000);
    expect(worst[1]!.loss).toBeCloseTo(Math.log(2), 12);
    expect(worst[2]!.probability).toBeCloseTo(1 / (1 + Math.E), 7);
  });

  it("refuses a k that is not a number of images", () => {
    expect(() => new WorstMistakes(0)).toThrow(
      new DataError("WorstMistakes: k must be an integer ≥ 1; got 0"),
    );
  });
});
