// WebKit as Debian packages it (webkit2gtk-driver, xvfb): a page in its MiniBrowser, asked by the W3C's WebDriver protocol.
// https://www.w3.org/TR/webdriver2/

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";

const LIBRARIES = "/usr/lib";

/** Where the browser is that the driver starts. */
function miniBrowser(): string | undefined {
  if (!existsSync(LIBRARIES)) return undefined;
  const folders = readdirSync(LIBRARIES).filter((name) => name.includes("-linux-"));
  return folders
    .flatMap((name) =>
      ["webkitgtk-6.0", "webkit2gtk-4.1", "webkit2gtk-4.0"].map(
        (api) => `${LIBRARIES}/${name}/${api}/MiniBrowser`,
      ),
    ) // prettier-ignore
    .find(existsSync);
}

const runs = (command: string, ...args: string[]): boolean => !spawnSync(command, args).error;

/** Whether there is a WebKit with its driver, and a display for it. */
export const hasWebKit = (): boolean =>
  miniBrowser() !== undefined && runs("WebKitWebDriver", "--version") && runs("Xvfb", "-version");

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a display, and gives its name when it is there. */
async function display(): Promise<{ name: string; process: ChildProcess }> {
  const args = ["-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp"];
  const process = spawn("Xvfb", args, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const name = await new Promise<string>((resolve, reject) => {
    process.stdio[3]!.once("data", (number) => resolve(`:${String(number).trim()}`));
    process.once("exit", (code) => reject(new Error(`Xvfb: exited with ${code}`)));
  });
  return { name, process };
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A browser with one page. */
export class WebKit {
  /** Its name and version. */
  readonly version: string;
  readonly #session: string;
  readonly #processes: readonly ChildProcess[];

  private constructor(session: string, version: string, processes: readonly ChildProcess[]) {
    this.#session = session;
    this.version = version;
    this.#processes = processes;
  }

  /** features: JSC_… variables, by which the engine switches on what it has and does not use yet. */
  static async launch(features: Readonly<Record<string, string>> = {}): Promise<WebKit> {
    const { name, process: xvfb } = await display();
    const port = await freePort();
    const driver = spawn("WebKitWebDriver", [`--port=${port}`], {
      stdio: "ignore",
      // Its sandbox needs namespaces that containers do not have.
      env: { ...process.env, ...features, DISPLAY: name, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1" },
    });
    try {
      const origin = `http://127.0.0.1:${port}`;
      for (let tries = 0; tries < 100; tries++) {
        if (await fetch(`${origin}/status`).catch(() => undefined)) break;
        await sleep(100);
      }
      const browser = { binary: miniBrowser(), args: ["--automation"] };
      const { sessionId, capabilities } = await call<{
        sessionId: string;
        capabilities: { browserName: string; browserVersion: string };
      }>(`${origin}/session`, "POST", {
        capabilities: { alwaysMatch: { "webkitgtk:browserOptions": browser } },
      });
      const version = `${capabilities.browserName} ${capabilities.browserVersion}`;
      return new WebKit(`${origin}/session/${sessionId}`, version, [driver, xvfb]);
    } catch (error) {
      for (const each of [driver, xvfb]) each.kill();
      throw error;
    }
  }

  async open(url: string): Promise<void> {
    await call(`${this.#session}/url`, "POST", { url });
  }

  /** What a function body returns in the page; a promise is waited for. */
  async evaluate<T>(body: string): Promise<T> {
    return call<T>(`${this.#session}/execute/sync`, "POST", { script: body, args: [] });
  }

  /** What the page's `expression` is once it is something. */
  async wait<T>(expression: string, timeout: number): Promise<T> {
    for (const end = performance.now() + timeout; performance.now() < end; await sleep(200)) {
      const value = await this.evaluate<T | null>(`return ${expression} ?? null`);
      if (value !== null) return value;
    }
    throw new Error(`${this.version}: ${expression} is still undefined after ${timeout} ms`);
  }

  async close(): Promise<void> {
    await call(this.#session, "DELETE").catch(() => undefined);
    for (const each of this.#processes) each.kill();
  }
}

async function call<T>(url: string, method: string, body?: object): Promise<T> {
  const response = await fetch(url, { method, ...(body && { body: JSON.stringify(body) }) });
  const { value } = (await response.json()) as { value: T & { error?: string; message?: string } };
  if (!response.ok) throw new Error(`WebDriver: ${value.error}: ${value.message}`);
  return value;
}
