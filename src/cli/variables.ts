// Environment variables that the system refuses to give.

import { told } from "../wasm/host.js";

/** Has refused variables be unset for libraries as well, in the whole process: for programs, not for the library. */
export function unsetWhereRefused(): void {
  if (told(() => Object.keys(process.env), undefined)) return;
  const { env } = process;
  process.env = new Proxy({} as NodeJS.ProcessEnv, {
    get: (_, name) => told(() => Reflect.get(env, name), undefined) as string | undefined,
    has: (_, name) => told(() => Reflect.has(env, name), false),
    set: (_, name, value) => told(() => Reflect.set(env, name, value), true),
  });
}
