/** Errors as data: structured clone drops the classes of errors and their codes. */
import { type ErrorCode, MicrogridError, isAbort } from "../core";

/** An error on its way. */
export interface ErrorWire {
  readonly name: string;
  readonly message: string;
  /** Only for a `MicrogridError`, as its field is. */
  readonly code?: ErrorCode;
  readonly field?: string | undefined;
  readonly cause?: ErrorWire;
}

/** Causes of causes that are kept. */
const MAX_CAUSES = 4;

/** Turns anything that was thrown into data, with its causes. */
export function errorToWire(error: unknown, depth = 0): ErrorWire {
  if (!(error instanceof Error || error instanceof DOMException)) return { name: "Error", message: String(error) };
  const { name, message, cause } = error as Error;
  return {
    name,
    message,
    ...(error instanceof MicrogridError && { code: error.code, field: error.field }),
    ...(cause !== undefined && depth < MAX_CAUSES && { cause: errorToWire(cause, depth + 1) }),
  };
}

/**
 * The reverse of `errorToWire` for an error that a call rejects with: a `MicrogridError` with its code, an abort, or, for
 * every other error, a `MicrogridError` of code `internal` whose cause is that error.
 */
export function errorFromWire(wire: ErrorWire): Error {
  const error = restored(wire);
  if (error instanceof MicrogridError || isAbort(error)) return error;
  return new MicrogridError("internal", wire.message, { cause: error });
}

function restored({ name, message, code, field, cause }: ErrorWire): Error {
  const options = cause === undefined ? undefined : { cause: restored(cause) };
  if (code !== undefined) return new MicrogridError(code, message, { ...options, field });
  if (name === "AbortError" || name === "TimeoutError") return new DOMException(message, name);
  const error = new Error(message, options);
  error.name = name;
  return error;
}
