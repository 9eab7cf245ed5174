// For TypeDoc: a document is called what its first line says, and the line goes, as the page shows the name.

import { Converter } from "typedoc";

/** @param {import("typedoc").Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    const [first] = document.content;
    const title = first?.kind === "text" && /^\s*# (.+)\n/.exec(first.text);
    if (!title) return;
    document.name = title[1];
    first.text = first.text.slice(title[0].length);
  });
}
