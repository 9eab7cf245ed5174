// What the host offers: environment variables, Node's modules. Node, browsers, Deno and Bun differ here.

type Load = (name: string) => unknown;

let load: Load = (name) => globalThis.process?.getBuiltinModule?.(name);

/** How to get Node's own modules where process.getBuiltinModule is missing: before Node 20.16, and in 22.0 to 22.2. */
export function provideBuiltins(from: Load): void {
  if (!globalThis.process?.getBuiltinModule) load = from;
}

/** One of Node's own modules; undefined where it is not available. */
export function builtin<T>(name: string): T | undefined {
  return attempt(() => load(name) as T | undefined, undefined);
}

/** A fact about the system; `otherwise` where it is not known or refused, as Deno does without --allow-sys. */
export function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** An environment variable; also undefined where reading it is refused, as Deno does without --allow-env. */
export function environmentVariable(name: string): string | undefined {
  return attempt(() => globalThis.process?.env?.[name], undefined);
}

/** The folder for files that fovea keeps between runs: FOVEA_HOME, otherwise ~/.cache/fovea. @throws what homedir() throws */
export function homeFolder(homedir: () => string, join: (...parts: string[]) => string): string {
  return environmentVariable("FOVEA_HOME") || join(homedir(), ".cache", "fovea");
}
