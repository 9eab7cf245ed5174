// What the worker does for its page: a row for each method of protocol.ts.

import { manualSeed } from "../../core/random.js";
import { DataError } from "../../errors.js";
import type { StartRequest, WorkerMethods } from "../protocol.js";
import { Transferred, type Methods } from "../rpc.js";
import { browserStorage, type Storage } from "../storage.js";
import { useBrowserDecoder } from "./decode.js";
import { bytesOf } from "./downloads.js";
import { openForTraining, openTrained } from "./models.js";
import { Network } from "./network.js";
import { startKernels, threadsUp } from "./start.js";
import { Trainer } from "./trainer.js";
import type { TrainerInfo } from "../trainer-types.js";

/** The methods, and the classifiers and trainers that they work on. storage: where trainers are kept. */
export function hostMethods(storage: Storage = browserStorage): Methods<WorkerMethods> {
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
  const begin = (threads: StartRequest["threads"], maxBytes: StartRequest["maxBytes"]): void => {
    startKernels({ ...(threads !== undefined && { threads }), ...(maxBytes !== undefined && { maxBytes }) });
    useBrowserDecoder();
  };
  /** A change of a trainer, and what the trainer is then. */
  const changed = async (
    handle: number,
    change: (trainer: Trainer) => void | Promise<void>,
  ): Promise<TrainerInfo> => {
    const trainer = trainerOf(handle);
    await change(trainer);
    return trainer.info(await threadsUp());
  };
  return {
    async createClassifier(call, { threads, maxBytes, ...request }) {
      begin(threads, maxBytes);
      const network = new Network(await openTrained(request, call, storage));
      return { handle: keep(network), info: network.info(await threadsUp()) };
    },
    classify: (call, handle, pictures, topK) => networkOf(handle).classify(call, pictures, topK),
    async explain(_, handle, picture, index) {
      const explanation = await networkOf(handle).explain(picture, index);
      return new Transferred(explanation, [explanation.map.buffer as ArrayBuffer]);
    },
    features: (_, handle, picture) => networkOf(handle).features(picture),
    async createTrainer(call, { threads, maxBytes, keep: name, ...request }) {
      begin(threads, maxBytes);
      manualSeed(0); // the same beginning every time
      const trainer = new Trainer(await openForTraining(request, call, storage), storage);
      if (request.model.kind === "saved") await trainer.restore(request.model.name);
      else if (name !== undefined) await trainer.keep(name);
      return { handle: keep(trainer), info: trainer.info(await threadsUp()) };
    },
    add: (_, handle, picture, label) => trainerOf(handle).add(picture, label),
    addDataset: (_, handle, dataset) => changed(handle, ({ examples }) => examples.addDataset(dataset)),
    remove: (_, handle, ids) => changed(handle, ({ examples }) => examples.remove(ids)),
    setClasses: (_, handle, classes) => changed(handle, ({ examples }) => examples.setClasses(classes)),
    removeClass: (_, handle, label) => changed(handle, (trainer) => trainer.removeClass(label)),
    setModel: (call, handle, request) =>
      changed(handle, async (trainer) => {
        manualSeed(0);
        trainer.setModel(await openForTraining(request, call, storage));
      }),
    async addZip(call, handle, zip) {
      const { bytes, name } = await bytesOf(zip, call);
      const refused = await trainerOf(handle).addZip(call, bytes, name);
      return { refused, info: trainerOf(handle).info(await threadsUp()) };
    },
    save: (_, handle, name) => changed(handle, (trainer) => trainer.save(name)),
    examples: (_, handle) => trainerOf(handle).examples.list,
    picture: (_, handle, id) => trainerOf(handle).examples.file(id),
    async exportDataset(_, handle) {
      const zip = await trainerOf(handle).examples.zip();
      return new Transferred(zip, [zip.buffer]);
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
