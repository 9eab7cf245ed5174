// Folders in which a user of the package would work, and what runs there.

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { MAIN, OWN_WORKER, PAGE, PROGRAM, WEB_PROGRAM } from "./programs.js";

export class Folder {
  readonly path: string;

  constructor(name: string) {
    this.path = mkdtempSync(join(tmpdir(), `fovea-${name.replaceAll(/\W+/g, "-")}-`));
    this.write("package.json", JSON.stringify({ name: "user", private: true, type: "module" }));
    this.write("program.mjs", PROGRAM);
    this.write("main.mjs", MAIN);
    this.write("page.mjs", PAGE);
    this.write("web-program.mjs", WEB_PROGRAM);
    this.write("fovea-worker.mjs", OWN_WORKER);
  }

  at(path: string): string {
    return join(this.path, path);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), text);
  }

  /** Installs packages; says so if that takes another package than fovea along where nothing was asked. */
  async install(...packages: string[]): Promise<void> {
    await this.run("npm", "install", "--no-audit", "--no-fund", "--loglevel=error", ...packages);
  }

  /** What a command prints. @throws with the end of what it printed if it fails or takes minutes */
  run(command: string, ...args: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const env = {
        ...process.env,
        NEXT_TELEMETRY_DISABLED: "1",
        CI: "1",
        PATH: `${this.at("node_modules/.bin")}:${process.env["PATH"]}`,
      };
      delete (env as Record<string, string | undefined>)["NODE_OPTIONS"];
      const child = spawn(command, args, { cwd: this.path, env, timeout: 300_000 });
      let [out, all] = ["", ""];
      child.stdout.on("data", (data: Buffer) => ((out += String(data)), (all += String(data))));
      child.stderr.on("data", (data: Buffer) => (all += String(data)));
      child.on("error", reject);
      child.on("exit", (code, signal) => {
        if (code === 0) resolve(out);
        else reject(new Error(`${command} ${args.join(" ")}: ${signal ?? code}: ${all.slice(-1500)}`));
      });
    });
  }

  /** Starts a server, and waits for it to answer. */
  async serve(port: number, command: string, ...args: string[]): Promise<() => void> {
    const env = {
      ...process.env,
      NEXT_TELEMETRY_DISABLED: "1",
      PORT: String(port),
      PATH: `${this.at("node_modules/.bin")}:${process.env["PATH"]}`,
    };
    const child = spawn(command, args, {
      cwd: this.path,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let printed = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data: Buffer) => (printed += String(data)));
    const stop = (): void => {
      try {
        process.kill(-child.pid!);
      } catch {} // gone
    };
    for (let tries = 0; tries < 120; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      const answer = await fetch(`http://localhost:${port}/`).catch(() => undefined);
      if (answer) return stop;
      if (child.exitCode !== null) break;
    }
    stop();
    throw new Error(`${command} ${args.join(" ")} does not answer: ${printed.slice(-1000)}`);
  }
}
