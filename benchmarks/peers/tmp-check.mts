import { jaxJs } from "./jax.js";
const lib = await jaxJs();
for (const wl of [
  { kind: "train", model: "lenet5", batch: 64, inputSize: [28, 28, 1], classes: 10, optimizer: "adam" },
  { kind: "infer", model: "lenet5", batch: 1, inputSize: [28, 28, 1], classes: 10, optimizer: "adam" },
]) {
  const w: any = await lib.prepare(wl as any);
  for (let i = 0; i < 5; i++) {
    const t = performance.now();
    await w.run();
    console.log(wl.kind, performance.now() - t);
  }
}
