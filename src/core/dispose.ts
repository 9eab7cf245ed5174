// `using`: what frees itself at the end of its block. The language asks for a method of this name.

declare global {
  // As TypeScript's library esnext.disposable has them, for programs that are checked without it.
  interface SymbolConstructor {
    readonly dispose: unique symbol;
  }
  interface Disposable {
    [Symbol.dispose](): void;
  }
}

/** Symbol.dispose, or where the engine has none the symbol that compilers put in its place. */
export const dispose: typeof Symbol.dispose = (Symbol.dispose as symbol | undefined)
  ? Symbol.dispose
  : (Symbol.for("Symbol.dispose") as typeof Symbol.dispose);
