/** Small requests to model hosts, with errors that name the host and say what to do, and the delay between tries. */
import * as v from "valibot";
import { isAbort, MicrogridError, parsePythonJson, sleep } from "../core";

/** The host of an address, to be shown to people. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

/** Whether a host that can be reached may keep its files from this page, which the page's own site never does. */
export function mayRefuse(url: string): boolean {
  return !URL.canParse(url) || new URL(url).origin !== globalThis.location?.origin;
}

/** Statuses of hosts that will answer later. */
const BUSY: readonly number[] = [429, 503];
/** Number of times that a busy host is asked, and the longest time that it may ask to wait. */
const MOST_ASKED = 5;
const LONGEST_WAIT_MS = 60_000;

/**
 * Sends a request. A busy host is asked again after the time that it names. Throws `network` if the host cannot be
 * reached or does not let this page read its answer.
 */
export async function request(url: string, signal: AbortSignal, init: RequestInit = {}): Promise<Response> {
  for (let asked = 1; ; asked++) {
    const response = await send(url, signal, init);
    if (!BUSY.includes(response.status) || asked === MOST_ASKED) return response;
    const wait = Math.max(namedWaitMs(response) ?? 0, backoffMs(asked));
    if (wait > LONGEST_WAIT_MS) return response;
    await response.body?.cancel();
    await sleep(wait, signal);
    signal.throwIfAborted();
  }
}

async function send(url: string, signal: AbortSignal, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal, referrerPolicy: "no-referrer" });
  } catch (cause) {
    signal.throwIfAborted();
    if (isAbort(cause)) throw cause;
    throw new MicrogridError(
      "network",
      mayRefuse(url)
        ? `${hostOf(url)} cannot be reached, or does not allow other sites to read its files (CORS). ` +
            "Check the address and the connection, or use another host."
        : `${hostOf(url)} cannot be reached. Check the connection.`,
      { cause },
    );
  }
}

/** An answer by which a host asks to be asked again later. */
export class HostBusy extends Error {
  /** The time that the host asks to wait, if it names one and this page may read it. */
  readonly waitMs: number;
  /** True if that is longer than a person would wait. */
  readonly long: boolean;

  constructor(url: string, response: Response) {
    super(busyText(url, response));
    this.waitMs = namedWaitMs(response) ?? 0;
    this.long = this.waitMs > LONGEST_WAIT_MS;
  }
}

/** The error for an answer that may be different at another try. */
export function unwelcome(url: string, response: Response): Error {
  return BUSY.includes(response.status)
    ? new HostBusy(url, response)
    : new Error(`${hostOf(url)} answered ${response.status}`);
}

function busyText(url: string, response: Response): string {
  const wait = namedWaitMs(response);
  const why = response.status === 429 ? "was asked too often" : "is busy";
  const time = wait === undefined ? "" : ` and asks to wait ${Math.ceil(wait / 1000)} seconds`;
  return `${hostOf(url)} ${why} (${response.status})${time}`;
}

/** The time of the header `Retry-After`, a number of seconds or a date. Many hosts do not let other sites read it. */
function namedWaitMs({ headers }: Response): number | undefined {
  const value = headers.get("Retry-After");
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** Largest JSON that a host may give: listings of large repositories have a few MiB. */
const MAX_JSON_BYTES = 32 * 2 ** 20;

/** Reads JSON of a known shape; undefined if the host has no such file. `what` names the file in errors. */
export async function readJson<T>(
  url: string,
  schema: v.GenericSchema<unknown, T>,
  what: string,
  signal: AbortSignal,
): Promise<T | undefined> {
  const response = await request(url, signal);
  if (response.status === 404 || response.status === 410) return undefined;
  if (!response.ok) throw refused(url, response, what);
  const text = await boundedText(response, what);
  const result = v.safeParse(v.pipe(v.string(), v.rawTransform(parsed), schema), text);
  if (result.success) return result.output;
  const page = /^\s*<(!doctype|html)/i.test(text);
  throw new MicrogridError(
    "not-a-model",
    page
      ? `${url} is a web page, not a model's file. Give the name of a repository, or the address of a folder that holds the model's config.json.`
      : `${url} does not have the content that a model's file has (${result.issues[0].message}). Give the address of an ONNX or MLC model.`,
  );
}

/** Reads a text that is not longer than any configuration or listing. Throws `not-a-model`. */
async function boundedText(response: Response, what: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  // Leaving the loop stops the download.
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > MAX_JSON_BYTES) {
      throw new MicrogridError(
        "not-a-model",
        `${what} is too large to be a model's. Check the model's name or address.`,
      );
    }
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}

function parsed({ dataset, addIssue, NEVER }: v.RawTransformContext<string>): unknown {
  try {
    return parsePythonJson(dataset.value);
  } catch {
    addIssue({ message: "it is not JSON" });
    return NEVER;
  }
}

/** The error for an answer that neither delivers the file nor says that there is none. */
export function refused(url: string, response: Response, what: string): MicrogridError {
  const { status } = response;
  if (status === 401 || status === 403) {
    return new MicrogridError(
      "network",
      `${hostOf(url)} refuses to give out ${what} (${status}). It may be private or misspelt, or you may have to accept its terms first.`,
    );
  }
  const answer = BUSY.includes(status) ? busyText(url, response) : `${hostOf(url)} answered ${status}`;
  return new MicrogridError("network", `${answer} when asked for ${what}. Try again later, or use another host.`);
}

/** First delay between two tries, and the longest. */
const FIRST_DELAY_MS = 300;
const LONGEST_DELAY_MS = 8_000;

/** Milliseconds to wait after this many failures: doubled each time, with jitter so that clients do not retry in step. */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const full = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), LONGEST_DELAY_MS);
  return full * (0.5 + random() / 2);
}
