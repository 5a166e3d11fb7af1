/** Refusals of what a person asked of a house. */
import { MicrogridError } from "../../core";

/** The error `bad-request` with a sentence for the person. */
export function refuse(message: string, cause?: unknown): MicrogridError {
  return new MicrogridError("bad-request", message, { cause });
}
