/** The acceptance suite of transports: every one must pass it, in Node and in browsers. */
import { deferred, randomId } from "../../../core";
import { check } from "../../../core/testing/acceptance";
import type { Endpoint, RawLink, Transport } from "../../transport";

/** A device that is going to lose its power. */
interface Doomed {
  /** Where it can be dialled. It authenticates every link, and listens. */
  readonly id: string;
  /** Cuts it off without a word. */
  kill(): Promise<void>;
}

/** Two devices at one signaling server that nobody else uses. */
export interface Devices {
  readonly near: Transport;
  readonly far: Transport;
  doomed(): Promise<Doomed>;
  /** Ends the signaling server, which does not come back for these devices. */
  endServer(): Promise<void>;
}

/** A scenario throws when a transport fails it. */
export type Scenario = (devices: Devices) => Promise<void>;

/** A signal that nobody aborts. */
export const never = (): AbortSignal => new AbortController().signal;

/** Registers under a new id. */
export async function register(transport: Transport, id: string = randomId(16)): Promise<Endpoint> {
  const endpoint = await transport.open(id, { signal: never() });
  check(endpoint !== "taken", "a free id");
  return endpoint;
}

/** Dials as code does that is in no hurry. */
export function dial(from: Endpoint, id: string, signal: AbortSignal = never()): Promise<RawLink> {
  return from.dial(id, { timeoutMs: 10_000, signal });
}

/** The links that reach an endpoint, in order. */
export function incoming(endpoint: Endpoint): () => Promise<RawLink> {
  const waiting = [deferred<RawLink>()];
  endpoint.onLink = (link) => {
    waiting.at(-1)!.resolve(link);
    waiting.push(deferred());
  };
  let taken = 0;
  return () => waiting[taken++]!.promise;
}

/** Two registered endpoints, and the two sides of a connection between them. */
interface Connected {
  readonly ends: readonly [Endpoint, Endpoint];
  readonly near: RawLink;
  readonly far: RawLink;
}

/** Connects the near device to the far one. */
export async function connected(devices: Devices): Promise<Connected> {
  const ends = [await register(devices.near), await register(devices.far)] as const;
  const next = incoming(ends[1]);
  const near = await dial(ends[0], ends[1].id);
  return { ends, near, far: await next() };
}
