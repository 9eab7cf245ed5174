// What a classifier and a trainer have in common: pictures in, classes out.

import { Random } from "../../core/random.js";
import { tidy } from "../../core/scope.js";
import type { Tensor } from "../../core/tensor.js";
import { seenBox, transformsFor, type FloatImage, type RawImage } from "../../data/index.js";
import { DataError } from "../../errors.js";
import { batchOf, labelsOf } from "../../train/classify.js";
import { gradCam, pooledFeatures, type Label } from "../../train/index.js";
import { Inference } from "../../train/inference.js";
import type { ClassifierInfo, Explanation, ThreadsInfo } from "../protocol.js";
import type { WirePicture } from "../pictures.js";
import type { Call } from "../rpc.js";
import { decoded } from "./decode.js";
import type { Opened } from "./models.js";

/** Pictures that go through a network at once. */
const BATCH = 8;

export class Network {
  protected opened: Opened;
  #inference: Inference;

  constructor(opened: Opened) {
    this.opened = opened;
    this.#inference = new Inference(opened.model);
  }

  get classes(): readonly string[] {
    return this.opened.classes;
  }

  /** Channels of the pictures. */
  protected get channels(): 1 | 3 {
    return this.opened.preprocessing.inputSize[2] === 1 ? 1 : 3;
  }

  info(threads: ThreadsInfo): ClassifierInfo {
    const { architecture, classes, preprocessing, model } = this.opened;
    const parameters = model.parameters().reduce((sum, p) => sum + p.size, 0);
    return { architecture, classes, inputSize: preprocessing.inputSize, parameters, ...threads };
  }

  async classify(call: Call, pictures: readonly WirePicture[], topK: number): Promise<Label[][]> {
    const labels: Label[][] = [];
    for (let at = 0; at < pictures.length; at += BATCH) {
      const images: FloatImage[] = [];
      for (const picture of pictures.slice(at, at + BATCH))
        images.push(this.prepared(await this.decoded(picture)));
      call.signal.throwIfAborted();
      labels.push(...tidy(() => labelsOf(this.logits(batchOf(images)), topK, this.classes)));
      if (pictures.length > BATCH) call.emit({ done: labels.length, total: pictures.length });
    }
    return labels;
  }

  /** Where the network looks. */
  async explain(picture: WirePicture, index: number | undefined): Promise<Explanation> {
    const raw = await this.decoded(picture);
    const image = this.prepared(raw);
    const box = seenBox(this.opened.preprocessing, raw);
    return tidy(() => {
      const { classes, maps } = gradCam(
        this.opened.model,
        batchOf([image]),
        index === undefined ? undefined : [index],
      );
      const [shown] = classes;
      const { data: map, width, height } = maps[0]!;
      return { index: shown!, label: this.classes[shown!] ?? String(shown), map, width, height, box };
    });
  }

  /** What the network makes of a picture before it decides. */
  async features(picture: WirePicture): Promise<Float32Array> {
    const image = this.prepared(await this.decoded(picture));
    return tidy(() => pooledFeatures(this.opened.model, batchOf([image])).data);
  }

  protected async decoded(picture: WirePicture): Promise<RawImage> {
    const { preprocessing } = this.opened;
    if (preprocessing.inputSize[2] !== this.channels) {
      throw new DataError(
        `classify: the model takes images of ${preprocessing.inputSize[2]} channels; expected 1 or 3`,
      );
    }
    return decoded(picture, this.channels);
  }

  protected prepared(image: RawImage): FloatImage {
    return transformsFor(this.opened.preprocessing).apply(image, new Random(0)) as FloatImage;
  }

  protected logits(x: Tensor): Tensor {
    return this.#inference.run(x);
  }

  /** To be called when weights have changed. */
  protected forget(): void {
    this.#inference.dispose();
    this.#inference = new Inference(this.opened.model);
  }

  dispose(): void {
    this.#inference.dispose();
    this.opened.model.dispose();
  }
}
