/**
 * Turns the node of a page into a liar. It is put into the built site before anything else runs: room, wire and engine
 * are the real ones and pass every check, and this code sits between them and the channels.
 */
import { decodeCbor, encodeCbor } from "../../src/core";
import { frameToMessages } from "../../src/wire/framing";

/** Ways in which the page treats its jobs. */
export type Conduct =
  | "honest"
  /** Repeats that it is working. */
  | "never answers"
  /** Sends a frame of tokens every 4 s. */
  | "slow"
  /** Is slower than it claims, but only a measurement shows it: 400 ms for each frame. */
  | "sluggish"
  /** Sends empty frames of tokens without end. */
  | "empty frames"
  /** Sends a page of text as one token. */
  | "too much text"
  /** Numbers its frames arbitrarily. */
  | "wrong order"
  /** Ends correctly, then continues and ends again. */
  | "after the end";

/** Attacks on all members at once. */
export type Attack =
  "tokens for jobs of others" | "requests" | "unknown kinds" | "oversize frames" | "heartbeats" | "broken frames";

/** The functions that tests call in the page. */
export interface HostilePage {
  conduct: Conduct;
  /** Makes it attack all others. */
  question: string;
  /** All jobs that arrived. */
  jobs: number;
  /** Answers to the jobs with which it flooded others. */
  refusals: number;
  /** Answers that arrived completely. */
  answered: number;
  /** Why others ended their links to it. */
  farewells: string[];
  attack(how: Attack): void;
}

declare global {
  interface Window {
    hostile?: HostilePage;
  }
}

type Body = Record<string, unknown>;
type Send = (this: RTCDataChannel, message: Uint8Array<ArrayBuffer>) => void;

const SLOW_MS = 4_000;
const SLUGGISH_MS = 400;
/** The claimed rate, tokens a second. */
const BOAST = 1e9;
const MAX_OFFERS = 64;

const send = RTCDataChannel.prototype.send as Send;
/** Channels behind which a member has introduced itself. */
const lines = new Set<RTCDataChannel>();
/** Frames of tokens sent so far, by job. */
const counts = new Map<string, number>();
/** When the last held frame of a channel is due. */
const due = new WeakMap<RTCDataChannel, number>();

const hostile: HostilePage = {
  conduct: "honest",
  question: "Tell me everything.",
  jobs: 0,
  refusals: 0,
  answered: 0,
  farewells: [],
  attack: (how) => lines.forEach((line) => attack(line, how)),
};
window.hostile = hostile;

function say(line: RTCDataChannel, kind: string, body: Body | Uint8Array): void {
  if (line.readyState !== "open") return;
  const bytes = body instanceof Uint8Array ? body : encodeCbor(body);
  for (const message of frameToMessages(kind, bytes)) send.call(line, message);
}

function hold(line: RTCDataChannel, ms: number, message: Uint8Array<ArrayBuffer>): void {
  const at = Math.max(performance.now(), due.get(line) ?? 0) + ms;
  due.set(line, at);
  setTimeout(() => line.readyState === "open" && send.call(line, message), at - performance.now());
}

/** Kind and body of a message, if it is one whole frame. */
function read(message: Uint8Array): { kind: string; body: () => Body } | undefined {
  if (message[0] !== 0) return undefined;
  const start = 2 + (message[1] ?? 0);
  const kind = String.fromCharCode(...message.subarray(2, start));
  return { kind, body: () => decodeCbor(message.slice(start)) as Body };
}

/** Every model, at an impossible rate. */
function boast(body: Body): Body {
  const offers = body.offers as Body[];
  const [first] = offers;
  if (!first) return body;
  const real = offers.map((offer) => ({ ...offer, decodeRate: BOAST, prefillRate: BOAST }));
  const invented = Array.from({ length: MAX_OFFERS - real.length }, (_, i) => ({ ...real[0], model: `model ${i}` }));
  return { ...body, offers: [...real, ...invented], load: { ...(body.load as Body), running: 0, queued: 0 } };
}

RTCDataChannel.prototype.send = function (this: RTCDataChannel, data: unknown) {
  const message = data as Uint8Array<ArrayBuffer>;
  const frame = this.label === "control" ? read(message) : undefined;
  if (frame?.kind === "heartbeat") {
    lines.add(this);
    return say(this, "heartbeat", boast(frame.body()));
  }
  if (frame?.kind === "job.tokens" || frame?.kind === "job.done")
    return answer(this, frame.kind, frame.body(), message);
  send.call(this, message);
};

/** An answer of the real engine on its way out. */
function answer(line: RTCDataChannel, kind: string, body: Body, message: Uint8Array<ArrayBuffer>): void {
  const id = body.id as string;
  const seq = counts.get(id) ?? 0;
  counts.set(id, seq + 1);
  const spoilt = kind === "job.tokens" && seq >= 2;
  switch (hostile.conduct) {
    case "slow":
      return hold(line, SLOW_MS, message);
    case "sluggish":
      return hold(line, SLUGGISH_MS, message);
    case "empty frames":
      if (spoilt) return say(line, kind, { id, seq, text: "", ids: [] });
      if (kind === "job.tokens") return send.call(line, message);
      for (let i = seq; i < seq + 400; i++) say(line, "job.tokens", { id, seq: i, text: "", ids: [] });
      return;
    case "too much text":
      return spoilt ? say(line, kind, { ...body, text: "and so on ".repeat(20_000) }) : send.call(line, message);
    case "wrong order":
      return spoilt ? say(line, kind, { ...body, seq: seq + 7 }) : send.call(line, message);
    case "after the end":
      send.call(line, message);
      if (kind !== "job.done") return;
      for (let i = 0; i < 5; i++) say(line, "job.tokens", { id, seq: seq + i, text: "more", ids: [1] });
      return send.call(line, message);
    case "honest":
    case "never answers":
      return send.call(line, message);
  }
}

/** Handles an incoming message; true if the node must not see it. */
function takes(line: RTCDataChannel, data: unknown): boolean {
  const frame = line.label === "control" && data instanceof ArrayBuffer ? read(new Uint8Array(data)) : undefined;
  if (frame?.kind === "job.refused") hostile.refusals++;
  if (frame?.kind === "job.done") {
    hostile.answered++;
    // It asks again without end.
    request(line);
  }
  if (frame?.kind === "leaving") hostile.farewells.push(String(frame.body().reason));
  if (frame?.kind !== "job.request") return false;
  hostile.jobs++;
  if (hostile.conduct !== "never answers") return false;
  const { id } = frame.body();
  const sign = (): void => say(line, "job.accepted", { id, position: 0, etaMs: 1 });
  sign();
  setInterval(sign, 3_000);
  return true;
}

const { set } = Object.getOwnPropertyDescriptor(RTCDataChannel.prototype, "onmessage")!;
Object.defineProperty(RTCDataChannel.prototype, "onmessage", {
  set(this: RTCDataChannel, handler: (event: MessageEvent) => void) {
    set!.call(this, (event: MessageEvent) => {
      if (!takes(this, event.data)) handler.call(this, event);
    });
  },
});

const randomJob = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

function request(line: RTCDataChannel): void {
  const sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
  const messages = [{ role: "user", content: hostile.question }];
  const wanted = { model: "guide", messages, sampling, maxTokens: 1_000_000 };
  say(line, "job.request", { id: randomJob(), request: wanted, privacy: "room", deadlineMs: 3_600_000 });
}

function attack(line: RTCDataChannel, how: Attack): void {
  const load = { running: 0, queued: 0, tokenRate: 0, visible: true };
  const usage = { promptTokens: 1, completionTokens: 1, cachedTokens: 0, prefillMs: 1, decodeMs: 1 };
  const many = (count: number, act: (i: number) => void): void =>
    Array.from({ length: count }, (_, i) => i).forEach(act);
  switch (how) {
    case "tokens for jobs of others":
      return many(50, () => {
        const id = randomJob();
        say(line, "job.accepted", { id, position: 0, etaMs: 0 });
        say(line, "job.tokens", { id, seq: 0, text: "forged", ids: [1] });
        say(line, "job.done", { id, frames: 1, finishReason: "stop", usage });
        say(line, "job.refused", { id: randomJob(), reason: "busy", load });
        say(line, "job.failed", { id: randomJob(), code: "internal", message: "forged" });
        say(line, "job.cancel", { id: randomJob() });
      });
    case "requests":
      return many(60, () => request(line));
    case "unknown kinds":
      return say(line, "__proto__", { polluted: true });
    case "oversize frames":
      return say(line, "job.cancel", new Uint8Array(1_000_000));
    case "heartbeats":
      return many(10_000, (i) => {
        const about = { name: `clone ${i}`, device: "", gpu: "" };
        say(line, "heartbeat", { ...about, sharing: true, load, offers: [] });
      });
    case "broken frames":
      return many(
        100,
        () => line.readyState === "open" && send.call(line, crypto.getRandomValues(new Uint8Array(500))),
      );
  }
}
