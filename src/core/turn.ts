// Letting the event loop turn: code that computes for a long time should let events be served in between.

/** In pages, timers wait for a second in a hidden tab, and for four milliseconds when they follow each other; messages do not. */
function byMessage(): Promise<void> {
  return new Promise((resume) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (): void => {
      port1.close();
      resume();
    };
    port2.postMessage(undefined);
  });
}

/** Resolves after the waiting events have been served. */
export function turn(): Promise<void> {
  return typeof setImmediate === "function" ? new Promise((resume) => setImmediate(resume)) : byMessage();
}
