// What the engine's surroundings offer: environment variables, modules of Node. Node, browsers, Deno and Bun differ here.

type Load = (name: string) => unknown;

let load: Load = (name) => globalThis.process?.getBuiltinModule?.(name);

/** How to get Node's own modules where process.getBuiltinModule is missing: before Node 20.16, and in 22.0 to 22.2. */
export function provideBuiltins(from: Load): void {
  if (!globalThis.process?.getBuiltinModule) load = from;
}

/** A module of Node's own; undefined elsewhere, and where nothing gives it. */
export function builtin<T>(name: string): T | undefined {
  try {
    return load(name) as T | undefined;
  } catch {
    return undefined;
  }
}

/** An environment variable; undefined too where reading it is refused, as Deno does without --allow-env. */
export function environmentVariable(name: string): string | undefined {
  try {
    return globalThis.process?.env?.[name];
  } catch {
    return undefined;
  }
}
