// Results that are left to the operation that follows them: batch normalisation (and a residual sum) to a ReLU, a ReLU's
// gradient to that of batch normalisation. Memory is what these operations wait for, and each pass saved is one over whole
// activations.

import type { Deferred, Epilogue, Storage } from "../core/storage.js";
import { GRAIN, parallel } from "../wasm/parallel.js";

/** Rows of so many channels that are worth another thread. */
export function rowGrain(channels: number): number {
  return Math.max(1, Math.ceil(GRAIN / Math.max(1, channels)));
}

const SCALED: ReadonlySet<keyof Epilogue> = new Set(["residual", "activation"] as const);
const SUMMED: ReadonlySet<keyof Epilogue> = new Set(["activation"] as const);
const NOTHING: ReadonlySet<keyof Epilogue> = new Set();

/** x·scale + shift for each channel of x:[rows, channels]; coefficients: scale, then shift, of each channel. */
export function scaledRows(x: Storage, coefficients: Storage, size: number, channels: number): Deferred {
  return {
    sources: [x, coefficients],
    absorbs: SCALED,
    scaled: { coefficients },
    write(y, { residual, activation } = {}) {
      const rows = channels === 0 ? 0 : size / channels;
      const relu = activation === "relu" ? 1 : 0;
      const from = [x.address, residual?.address ?? 0, relu, y, channels, coefficients.address] as const;
      parallel("scaleShift", rows, rowGrain(channels), ...from);
    },
  };
}

/** A deferred result that absorbs a residual, with this one. */
export function withResidual(deferred: Deferred, residual: Storage): Deferred {
  return {
    sources: [...deferred.sources, residual],
    absorbs: SUMMED,
    write: (y, epilogue) => deferred.write(y, { ...epilogue, residual }),
  };
}

/** The gradient of y = relu(x): dy where y > 0, else 0. coefficients: of the rows that became y, if nothing was added to them. */
export function maskedGradient(dy: Storage, y: Storage, size: number, coefficients?: Storage): Deferred {
  return {
    sources: [dy, y],
    absorbs: NOTHING,
    masked: { dy, y, coefficients },
    write: (dx) => parallel("reluBackward", size, GRAIN, dy.address, y.address, dx),
  };
}
