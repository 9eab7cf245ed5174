// The page: three tabs, and what they share.

import { classifyPage } from "./classify.js";
import { mnistPage } from "./mnist.js";
import { part } from "./parts/dom.js";
import { teachPage } from "./teach/teach.js";

const PAGES = { classify: classifyPage, teach: teachPage, mnist: mnistPage };

const sections = Object.keys(PAGES).map((id) => document.getElementById(id)!);
const tabs = sections.map(({ id }) => document.getElementById(`tab-${id}`)!);
const opened = new Set<string>();

/** Shows a section; the one that is left switches its camera off. */
function open(id: string): void {
  sections.forEach((section, i) => {
    const here = section.id === id;
    if (!here && !section.hidden) section.dispatchEvent(new Event("leave"));
    section.hidden = !here;
    tabs[i]!.setAttribute("aria-selected", String(here));
    tabs[i]!.tabIndex = here ? 0 : -1;
    if (!here || opened.has(id)) return;
    opened.add(id);
    PAGES[id as keyof typeof PAGES](section);
  });
}

tabs.forEach((tab, i) => {
  tab.onclick = () => (location.hash = sections[i]!.id);
  tab.onkeydown = ({ key }) => {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (!move) return;
    const next = tabs.at((i + move) % tabs.length)!;
    next.click();
    next.focus();
  };
});

const fromAddress = (): void => open(location.hash.slice(1) in PAGES ? location.hash.slice(1) : "classify");
window.addEventListener("hashchange", fromAddress);
fromAddress();

// Files that miss their target would replace the page.
for (const type of ["dragover", "drop"]) window.addEventListener(type, (event) => event.preventDefault());

const engine = part(document, "engine");
engine.textContent = "Kernels start when they are first needed.";
if (typeof WebAssembly !== "object") {
  engine.textContent = "This browser has no WebAssembly, so nothing can be computed here.";
}

/** Keeps the page for later, and isolates it where the host does not: then it is loaded once more, before anything is done in it. */
async function keep(): Promise<void> {
  await navigator.serviceWorker.register("./sw.js");
  await navigator.serviceWorker.ready;
  if (!crossOriginIsolated && !sessionStorage.getItem("isolating")) {
    sessionStorage.setItem("isolating", "yes");
    location.reload();
    return;
  }
  part(document, "offline").textContent = "Works without a connection from now on.";
}

if (import.meta.env.PROD && "serviceWorker" in navigator) keep().catch(console.warn);
