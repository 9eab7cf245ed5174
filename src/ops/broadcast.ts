// Operations on two tensors that broadcast as NumPy does.

import type { Place, Places } from "../core/planned.js";
import { broadcastShapes, sameShape, stridesOf, type Shape } from "../core/shape.js";
import type { Tensor } from "../core/tensor.js";
import { GRAIN } from "../wasm/parallel.js";
import type { Planner } from "../wasm/plan.js";

type BinaryKernel =
  "add" | "sub" | "mul" | "div" | "maximum" | "minimum" | "greaterEqual" | "greater" | "equal" | "keepWhere";

export interface BinaryInputs {
  a: Tensor;
  b: Tensor;
}

/** One loop over axes along which a and b advance alike: neighbouring axes are merged, so most shapes need one launch. */
export function planBinary(kernel: BinaryKernel) {
  return (p: Planner, y: Place, { a, b }: Places<BinaryInputs>): void => {
    if (y.size === 0) return;
    if (sameShape(a.shape, b.shape)) {
      p.parallel(kernel, y.size, GRAIN, a.ptr, b.ptr, y.ptr, 0);
      return;
    }
    const { sizes, aSteps, bSteps } = mergeAxes(y.shape, broadcastStrides(a, y), broadcastStrides(b, y));
    const columns = sizes.pop() ?? 1;
    const aStep = aSteps.pop() ?? 0;
    const bStep = bSteps.pop() ?? 0;
    const rows = sizes.pop() ?? 1;
    const aRow = aSteps.pop() ?? 0;
    const bRow = bSteps.pop() ?? 0;
    const broadcast = p.struct("Broadcast", { columns, aRow, bRow, aStep, bStep });
    const walk = (axis: number, aPtr: number, bPtr: number, yPtr: number): number => {
      if (axis === sizes.length) {
        p.parallel(kernel, rows * columns, GRAIN, aPtr, bPtr, yPtr, broadcast);
        return yPtr + rows * columns * 4;
      }
      for (let i = 0; i < sizes[axis]!; i++) {
        yPtr = walk(axis + 1, aPtr + i * aSteps[axis]! * 4, bPtr + i * bSteps[axis]! * 4, yPtr);
      }
      return yPtr;
    };
    walk(0, a.ptr, b.ptr, y.ptr);
  };
}

/** Strides of x along y's axes: 0 where x is stretched. */
function broadcastStrides(x: Place, y: Place): number[] {
  const strides = stridesOf(x.shape);
  const lead = y.shape.length - x.shape.length;
  return y.shape.map((n, i) => (i < lead || x.shape[i - lead] !== n || n === 1 ? 0 : strides[i - lead]!));
}

function mergeAxes(
  shape: Shape,
  a: number[],
  b: number[],
): { sizes: number[]; aSteps: number[]; bSteps: number[] } {
  const sizes: number[] = [];
  const aSteps: number[] = [];
  const bSteps: number[] = [];
  shape.forEach((n, i) => {
    if (n === 1) return;
    const last = sizes.length - 1;
    if (last >= 0 && aSteps[last] === a[i]! * n && bSteps[last] === b[i]! * n) {
      sizes[last]! *= n;
      aSteps[last] = a[i]!;
      bSteps[last] = b[i]!;
    } else {
      sizes.push(n);
      aSteps.push(a[i]!);
      bSteps.push(b[i]!);
    }
  });
  return { sizes, aSteps, bSteps };
}

/** The shape rule of an operation on two tensors that broadcast. */
export function broadcastRule(name: string) {
  return ({ a, b }: BinaryInputs): Shape => broadcastShapes(name, a.shape, b.shape);
}
