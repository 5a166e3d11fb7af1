/** Small requests to model hosts, with errors that say which host and what to do. */
import * as v from "valibot";
import { isAbort, MicrogridError } from "../core";

/** Host of an address, for people. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

/** Sends a request; a host that cannot be reached, or does not let this page read its answer, gives `network`. */
export async function request(url: string, signal: AbortSignal, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal, referrerPolicy: "no-referrer" });
  } catch (cause) {
    signal.throwIfAborted();
    if (isAbort(cause)) throw cause;
    throw new MicrogridError(
      "network",
      `${hostOf(url)} cannot be reached, or does not allow other sites to read its files (CORS). ` +
        "Check the address and the connection, or use another host.",
      { cause },
    );
  }
}

/** Reads JSON of a known shape; undefined where the host has no such file. `what` names it in errors. */
export async function readJson<T>(
  url: string,
  schema: v.GenericSchema<unknown, T>,
  what: string,
  signal: AbortSignal,
): Promise<T | undefined> {
  const response = await request(url, signal);
  if (response.status === 404 || response.status === 410) return undefined;
  if (!response.ok) throw refused(url, response.status, what);
  const text = await response.text();
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  if (result.success) return result.output;
  const page = /^\s*<(!doctype|html)/i.test(text);
  throw new MicrogridError(
    "not-a-model",
    page
      ? `${url} is a web page, not a model's file. Give the name of a repository, or the address of a folder that holds the model's config.json.`
      : `${url} is not what a model has there (${result.issues[0].message}). Give the address of an ONNX or MLC model.`,
  );
}

/** The error for an answer that is neither the file nor "there is none". */
export function refused(url: string, status: number, what: string): MicrogridError {
  return new MicrogridError(
    "network",
    status === 401 || status === 403
      ? `${hostOf(url)} refuses to give out ${what} (${status}). It may be private, misspelt, or its terms may have to be accepted first.`
      : `${hostOf(url)} answered ${status} when asked for ${what}. Try again later, or use another host.`,
  );
}
