// What the worker does for its page: a row for each method of protocol.ts.

import { manualSeed } from "../../core/random.js";
import { DataError } from "../../errors.js";
import type { WorkerMethods } from "../protocol.js";
import { Transferred, type Methods } from "../rpc.js";
import { useBrowserDecoder } from "./decode.js";
import { openForTraining, openTrained } from "./models.js";
import { Network } from "./network.js";
import { startKernels, threadsUp } from "./start.js";
import { Trainer } from "./trainer.js";

/** The methods, and the classifiers and trainers that they work on. */
export function hostMethods(): Methods<WorkerMethods> {
  const networks = new Map<number, Network>();
  let handles = 0;
  const keep = (network: Network): number => {
    networks.set(++handles, network);
    return handles;
  };
  const networkOf = (handle: number): Network => {
    const network = networks.get(handle);
    if (network) return network;
    throw new DataError("fovea/web: used after dispose()");
  };
  const trainerOf = (handle: number): Trainer => networkOf(handle) as Trainer;
  return {
    async createClassifier(call, { threads, maxBytes, ...request }) {
      startKernels({
        ...(threads !== undefined && { threads }),
        ...(maxBytes !== undefined && { maxBytes }),
      });
      useBrowserDecoder();
      const network = new Network(await openTrained(request, call));
      return { handle: keep(network), info: network.info(await threadsUp()) };
    },
    classify: (call, handle, pictures, topK) => networkOf(handle).classify(call, pictures, topK),
    async explain(_, handle, picture, index) {
      const explanation = await networkOf(handle).explain(picture, index);
      return new Transferred(explanation, [explanation.map.buffer as ArrayBuffer]);
    },
    features: (_, handle, picture) => networkOf(handle).features(picture),
    async createTrainer(call, { threads, maxBytes, ...request }) {
      startKernels({
        ...(threads !== undefined && { threads }),
        ...(maxBytes !== undefined && { maxBytes }),
      });
      useBrowserDecoder();
      manualSeed(0); // the same beginning every time
      const trainer = new Trainer(await openForTraining(request, call));
      return { handle: keep(trainer), info: trainer.info(await threadsUp()) };
    },
    add: (_, handle, picture, label) => trainerOf(handle).add(picture, label),
    async addDataset(_, handle, dataset) {
      trainerOf(handle).addDataset(dataset);
      return trainerOf(handle).info(await threadsUp());
    },
    async remove(_, handle, ids) {
      trainerOf(handle).remove(ids);
      return trainerOf(handle).info(await threadsUp());
    },
    async setClasses(_, handle, classes) {
      trainerOf(handle).setClasses(classes);
      return trainerOf(handle).info(await threadsUp());
    },
    fit: (call, handle, request) => trainerOf(handle).fit(call, request),
    evaluate: (_, handle, dataset) => trainerOf(handle).evaluate(dataset),
    exportModel(_, handle, format) {
      const exported = trainerOf(handle).export(format);
      return new Transferred(exported, [exported.bytes.buffer]);
    },
    dispose(_, handle) {
      networkOf(handle).dispose();
      networks.delete(handle);
    },
  };
}
