// Letting the event loop turn: whoever computes for long is to let events be served in between.

/** In pages: timers wait for a second where a tab is hidden, and four milliseconds where they follow each other; messages do not. */
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

/** Comes back after the events that wait have been served. */
export function turn(): Promise<void> {
  return typeof setImmediate === "function" ? new Promise((resume) => setImmediate(resume)) : byMessage();
}
