/** The border between the tabs of one origin, on one page. Tabs share code and trust each other; frames are typed only. */
import type { ErrorData } from "../../core";
import type { NodeCalls } from "../../node";
import type { StatePatch } from "../../node";
import type { AnswerEvent, AnswerRequest, GridState } from "../../node";

/** A frame with its sender and its receiver: a tab, whoever leads, or everybody. */
export interface Envelope {
  readonly from: string;
  readonly to: string;
  readonly body: ToLeader | ToTab;
}

export const LEADER = "leader";
export const EVERYBODY = "everybody";

export type ToLeader =
  /** A tab wants to attach; answered by `state`. */
  | { readonly type: "hello" }
  /** Is the leader awake? Answered by `pong` from the message handler, since timers of hidden pages are slow. */
  | { readonly type: "ping" }
  /** A call of the node, answered by `result` or `error`. */
  | { readonly type: "call"; readonly id: string; readonly method: keyof NodeCalls; readonly args: unknown }
  /** Starts an answer, which comes as `event`s and then `end` or `error`. */
  | { readonly type: "answer"; readonly id: string; readonly request: AnswerRequest }
  /** Nobody waits for a call or an answer any more. */
  | { readonly type: "cancel"; readonly id: string };

export type ToTab =
  /** To everybody: the sender leads from now on. */
  | { readonly type: "leading" }
  /** The sender leads, and its node is still coming up: ask again. */
  | { readonly type: "starting" }
  | { readonly type: "pong" }
  | { readonly type: "state"; readonly state: GridState }
  /** To everybody: parts of the state have changed. */
  | { readonly type: "patch"; readonly patch: StatePatch }
  | { readonly type: "result"; readonly id: string; readonly value: unknown }
  | { readonly type: "event"; readonly id: string; readonly event: AnswerEvent }
  | { readonly type: "end"; readonly id: string }
  | { readonly type: "error"; readonly id: string; readonly error: ErrorData };

/** How often an attached tab asks whether the leader is awake, and how long it believes in one that is silent. */
export const PING_MS = 1_000;
export const LEADER_SILENCE_MS = 3_000;
