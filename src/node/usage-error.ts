import { FoveaError } from "../errors.js";

/** Arguments that cannot be meant so: on the command line, exit code 2. */
export class UsageError extends FoveaError {
  /** The class's name. */
  override name = "UsageError";
}
