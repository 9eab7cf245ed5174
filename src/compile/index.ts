export { compile, type CompiledModel, type CompileOptions } from "./compile.js";
