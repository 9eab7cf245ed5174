// What the engine's surroundings offer: environment variables, modules of Node. Node, browsers, Deno and Bun differ here.

type Load = (name: string) => unknown;

let load: Load = (name) => globalThis.process?.getBuiltinModule?.(name);

/** How to get Node's own modules where process.getBuiltinModule is missing: before Node 20.16, and in 22.0 to 22.2. */
export function provideBuiltins(from: Load): void {
  if (!globalThis.process?.getBuiltinModule) load = from;
}

/** A module of Node's own; undefined elsewhere, and where nothing gives it. */
export function builtin<T>(name: string): T | undefined {
  return told(() => load(name) as T | undefined, undefined);
}

/** What the system says of itself; `otherwise` where it refuses to, as Deno does without --allow-sys, or cannot. */
export function told<T>(ask: () => T, otherwise: T): T {
  try {
    return ask();
  } catch {
    return otherwise;
  }
}

/** An environment variable; undefined too where reading it is refused, as Deno does without --allow-env. */
export function environmentVariable(name: string): string | undefined {
  return told(() => globalThis.process?.env?.[name], undefined);
}

/** Where fovea keeps what is to be there another time: FOVEA_HOME, else ~/.cache/fovea. @throws what homedir() throws */
export function homeFolder(homedir: () => string, join: (...parts: string[]) => string): string {
  return environmentVariable("FOVEA_HOME") || join(homedir(), ".cache", "fovea");
}
