/** Errors as OpenAI's clients expect them: a status, and a body that names the kind, the field and a code. */
import { type ErrorCode, MicrogridError, isAbort } from "../../core";

/** The body of an error. */
interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: "invalid_request_error" | "server_error" | "overloaded_error";
    readonly param: string | null;
    readonly code: string | null;
  };
}

/** An error of the protocol itself, before a request reaches a model. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** Statuses and OpenAI's own codes for errors that requests can cause; everything else is a fault of the service. */
const REQUEST_ERRORS: Partial<Record<ErrorCode, { readonly status: number; readonly code: string | null }>> = {
  "bad-request": { status: 400, code: null },
  "context-exceeded": { status: 400, code: "context_length_exceeded" },
  "unknown-model": { status: 404, code: "model_not_found" },
  "model-not-loaded": { status: 404, code: "model_not_found" },
  "unsupported-model": { status: 400, code: "unsupported_model" },
};
/** Errors that may be over when the client tries again. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  "no-provider",
  "peer-lost",
  "peer-refused",
  "leader-lost",
  "stage-lost",
]);
const CLIENT_CLOSED_REQUEST = 499;

/** The status and body of an error. */
export function errorReply(error: unknown): {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: ErrorBody;
} {
  if (error instanceof HttpError) {
    const type = error.status < 500 ? "invalid_request_error" : "server_error";
    return reply(error.status, error.message, { type, code: error.code }, error.headers);
  }
  if (isAbort(error)) return reply(CLIENT_CLOSED_REQUEST, "The request was cancelled.", { code: "cancelled" });
  if (!(error instanceof MicrogridError)) {
    return reply(500, error instanceof Error ? error.message : String(error), { code: "internal" });
  }
  const known = REQUEST_ERRORS[error.code];
  if (known) {
    const param = error.field ?? null;
    return reply(known.status, error.message, { type: "invalid_request_error", code: known.code, param });
  }
  if (PASSING.has(error.code)) {
    return reply(503, error.message, { type: "overloaded_error", code: error.code }, { "retry-after": "1" });
  }
  return reply(500, error.message, { code: error.code });
}

function reply(
  status: number,
  message: string,
  more: Partial<ErrorBody["error"]>,
  headers: Readonly<Record<string, string>> = {},
): ReturnType<typeof errorReply> {
  return { status, headers, body: { error: { message, type: "server_error", param: null, code: null, ...more } } };
}
