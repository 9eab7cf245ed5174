// What went wrong, in words that help.

/** Errors that browsers name, and words that help. */
const WORDS: Readonly<Record<string, string>> = {
  NotAllowedError:
    "The camera may not be used. Allow it for this page in the browser's settings, or choose a picture instead.",
  NotFoundError: "There is no camera here. Choose a picture instead.",
  NotReadableError: "The camera is in use by another program. Close it and try again.",
  OverconstrainedError: "The camera cannot give pictures of a size that is useful here.",
  QuotaExceededError:
    "This device has no room left to store the pictures. Nothing that is on the page is lost: save it as a file.",
};

/** Whether the device has no room left. */
export const isFull = (error: unknown): boolean =>
  error instanceof Error && (error.name === "QuotaExceededError" || /no more room/.test(error.message));

const OFFLINE =
  "There is no connection. Networks that were used before, and the one that comes with the page, still work.";

export function wordsFor(error: unknown): string {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (name === "TypeError" && /fetch|network/i.test(message) && !navigator.onLine) return OFFLINE;
  return WORDS[isFull(error) ? "QuotaExceededError" : name] ?? message;
}

/** Shows a sentence in a section's notice, or hides it. */
export class Notice {
  readonly #element: HTMLElement;

  constructor(element: HTMLElement) {
    this.#element = element;
  }

  say(text: string): void {
    this.#show(text, false);
  }

  clear(): void {
    this.#element.hidden = true;
  }

  /** Runs it, and shows its error, unless it was interrupted on purpose. */
  async guard(run: () => Promise<void> | void): Promise<void> {
    try {
      this.clear();
      await run();
    } catch (error) {
      if ((error as Error | undefined)?.name === "AbortError") return;
      console.error(error);
      this.#show(wordsFor(error), true);
    }
  }

  #show(text: string, bad: boolean): void {
    this.#element.textContent = text;
    this.#element.classList.toggle("bad", bad);
    this.#element.hidden = false;
    if (bad) this.#element.scrollIntoView({ block: "nearest" });
  }
}
