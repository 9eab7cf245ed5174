// `using`: values that free themselves at the end of their block. The language requires a method of this name.

declare global {
  // As TypeScript's library esnext.disposable has them, for programs that are checked without it.
  interface SymbolConstructor {
    readonly dispose: unique symbol;
  }
  interface Disposable {
    [Symbol.dispose](): void;
  }
}

/** Symbol.dispose, or the symbol that compilers use in its place where the engine lacks it. */
export const dispose: typeof Symbol.dispose = (Symbol.dispose as symbol | undefined)
  ? Symbol.dispose
  : (Symbol.for("Symbol.dispose") as typeof Symbol.dispose);
