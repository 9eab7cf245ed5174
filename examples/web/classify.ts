// Classify: a network says what it sees in a picture.

import { createClassifier, type PageClassifier } from "fovea/web";
import { aboutNetwork, chosenSource, fillMenu, showLoading } from "./networks.js";
import { showAnswers } from "./parts/bars.js";
import { part } from "./parts/dom.js";
import { showEngine } from "./parts/engine.js";
import { heatLayer } from "./parts/heat.js";
import { Notice } from "./parts/notice.js";
import { PictureView } from "./parts/view.js";

export function classifyPage(section: HTMLElement): void {
  const notice = new Notice(part(section, "notice"));
  const menu = part<HTMLSelectElement>(section, "network");
  const loading = part<HTMLProgressElement>(section, "loading");
  const explain = part<HTMLInputElement>(section, "explain");
  const answers = part(section, "answers");
  let classifier: Promise<PageClassifier> | undefined;
  let used = "";

  async function load(): Promise<PageClassifier | undefined> {
    const source = await chosenSource(menu);
    if (!source) {
      menu.value = used;
      return undefined;
    }
    const next = await createClassifier({ ...source, onProgress: showLoading(loading) }).finally(() => {
      loading.hidden = true;
    });
    const { classes, inputSize } = next.info;
    const [height, width] = inputSize;
    part(section, "about").textContent =
      `${aboutNetwork(menu.value)} ${classes.length} classes, pictures of ${height} × ${width}.`.trim();
    used = menu.value;
    showEngine(next.info);
    return next;
  }

  /** The network of the menu, loaded when it is first needed. */
  async function current(): Promise<PageClassifier> {
    classifier ??= load().then((loaded) => loaded ?? Promise.reject(new DOMException("", "AbortError")));
    return classifier.catch((error: unknown) => {
      classifier = undefined;
      throw error;
    });
  }

  const view = new PictureView(section, notice, async (picture, live) => {
    const network = await current();
    const begin = performance.now();
    const labels = await network.classify(picture);
    showAnswers(answers, labels);
    part(section, "time").textContent = `${Math.round(performance.now() - begin)} ms`;
    if (!explain.checked) view.overlay(undefined);
    else view.overlay(heatLayer(await network.explain(picture, labels[0]!.index), picture));
    if (!live) notice.clear();
  });

  explain.onchange = () => void notice.guard(() => view.again());
  menu.onchange = () =>
    void notice.guard(async () => {
      const old = classifier;
      const loaded = await load();
      if (!loaded) return;
      classifier = Promise.resolve(loaded);
      await view.again();
      (await old?.catch(() => undefined))?.dispose();
    });
  fillMenu(menu);
  used = menu.value;
  part(section, "about").textContent = aboutNetwork(used);
  section.addEventListener("leave", () => view.stop());
}
