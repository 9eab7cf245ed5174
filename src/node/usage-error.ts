import { FoveaError } from "../errors.js";

/** Arguments that make no sense: on the command line, exit code 2. */
export class UsageError extends FoveaError {
  /** The class's name. */
  override name = "UsageError";
}
