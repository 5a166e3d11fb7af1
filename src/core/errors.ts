/** Microgrid's only error type: a stable code for programs, and a message for people. */

/** All error codes of Microgrid. The set is closed, so callers can switch over it. */
export type ErrorCode =
  | "bad-request"
  | "closed"
  | "internal"
  // device and engine
  | "no-webgpu"
  | "device-lost"
  | "out-of-memory"
  | "shader-f16-missing"
  | "gpu-unfit"
  | "wrong-results"
  | "worker-crashed"
  | "context-exceeded"
  // models and storage
  | "unknown-model"
  | "model-not-loaded"
  | "not-a-model"
  | "unsupported-model"
  | "file-missing"
  | "file-corrupt"
  | "network"
  | "quota-exceeded"
  | "storage-unavailable"
  | "data-newer"
  // rooms
  | "invite-malformed"
  | "invite-version"
  | "signaling-unreachable"
  | "insecure-context"
  | "handshake-failed"
  | "peer-lost"
  | "peer-refused"
  | "peer-protocol"
  // pipelines
  | "stage-refused"
  | "stage-lost"
  // routing and tabs
  | "no-provider"
  | "leader-lost"
  | "build-differs";

/**
 * An error with a stable `code` and a message that tells a person what happened, what it means for
 * them and what they can do. `cause` keeps the original error for developers.
 */
export class MicrogridError extends Error {
  readonly code: ErrorCode;
  /**
   * The part of the caller's request that the error is about, as a path such as `format` or `messages.0.content`. Undefined for errors
   * that are about the whole request, or about no request.
   */
  readonly field: string | undefined;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown; field?: string | undefined }) {
    super(message, options);
    this.name = "MicrogridError";
    this.code = code;
    this.field = options?.field;
  }
}

/** A `MicrogridError` as plain data, for crossing threads and tabs, which drop error classes. */
export interface ErrorData {
  readonly code: ErrorCode | "aborted";
  readonly message: string;
  readonly field?: string | undefined;
}

/** Turns any thrown value into plain data. Aborts stay recognisable. */
export function errorToData(error: unknown): ErrorData {
  if (error instanceof MicrogridError) return { code: error.code, message: error.message, field: error.field };
  if (isAbort(error)) return { code: "aborted", message: "The operation was cancelled." };
  return { code: "internal", message: error instanceof Error ? error.message : String(error) };
}

/** True for the error that an aborted signal rejects with by default. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** Wraps any thrown value in a `MicrogridError`; returns a `MicrogridError` or an abort unchanged. */
export function toMicrogridError(error: unknown, code: ErrorCode, message: string): Error {
  if (error instanceof MicrogridError || isAbort(error)) return error as Error;
  return new MicrogridError(code, message, { cause: error });
}
