/** Small requests to model hosts, with errors that name the host and say what to do, and the delay between tries. */
import * as v from "valibot";
import { isAbort, MicrogridError } from "../core";

/** The host of an address, to be shown to people. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

/** Sends a request. Throws `network` if the host cannot be reached or does not let this page read its answer. */
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

/** Reads JSON of a known shape; undefined if the host has no such file. `what` names the file in errors. */
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
      : `${url} does not have the content that a model's file has (${result.issues[0].message}). Give the address of an ONNX or MLC model.`,
  );
}

/** The error for an answer that neither delivers the file nor says that there is none. */
export function refused(url: string, status: number, what: string): MicrogridError {
  return new MicrogridError(
    "network",
    status === 401 || status === 403
      ? `${hostOf(url)} refuses to give out ${what} (${status}). It may be private or misspelt, or you may have to accept its terms first.`
      : `${hostOf(url)} answered ${status} when asked for ${what}. Try again later, or use another host.`,
  );
}

/** First delay between two tries, and the longest. */
const FIRST_DELAY_MS = 300;
const LONGEST_DELAY_MS = 8_000;

/** Milliseconds to wait after this many failures: doubled each time, with jitter so that clients do not retry in step. */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const full = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), LONGEST_DELAY_MS);
  return full * (0.5 + random() / 2);
}
