// Environment variables that the system refuses to return.

import { attempt } from "../wasm/host.js";

/** Makes refused variables look unset to libraries as well, in the whole process: for programs, not for the library. */
export function unsetWhereRefused(): void {
  if (attempt(() => Object.keys(process.env), undefined)) return;
  const { env } = process;
  process.env = new Proxy({} as NodeJS.ProcessEnv, {
    get: (_, name) => attempt(() => Reflect.get(env, name), undefined) as string | undefined,
    has: (_, name) => attempt(() => Reflect.has(env, name), false),
    set: (_, name, value) => attempt(() => Reflect.set(env, name, value), true),
  });
}
