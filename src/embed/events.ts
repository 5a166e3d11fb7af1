/** The events that the element sends to its page. All of them bubble and leave shadow roots. */
import type { ErrorCode, GridApi, LoadProgress, PeerState, Route, AnswerSummary, Usage } from "../grid";

/** The element can take questions: its model is loaded, or it has none and asks the room. */
interface ReadyDetail {
  readonly grid: GridApi;
  /** The model's id; empty if the element loads none. */
  readonly model: string;
  /** Where the model computes; undefined if the element loads none. */
  readonly backend: "webgpu" | "wasm" | undefined;
}

/** A step of loading the model. */
interface ProgressDetail extends LoadProgress {
  readonly model: string;
}

/** A piece of an answer. */
interface TokenDetail {
  readonly text: string;
  /** The answer so far, this piece included. */
  readonly answer: string;
  /** The provider that computes it. */
  readonly provider: Route["provider"];
}

/** An answer has ended. */
interface DoneDetail {
  readonly question: string;
  readonly answer: string;
  /** `stopped`: somebody pressed stop or called `stop()`; the fields below are then undefined. */
  readonly finishReason: "stop" | "length" | "stopped";
  readonly usage: Usage | undefined;
  readonly summary: AnswerSummary | undefined;
}

/** Something failed. The element shows it too. */
export interface ErrorDetail {
  readonly code: ErrorCode;
  /** A sentence for people. */
  readonly message: string;
  /** The step that failed: reading the attributes, opening the grid, loading the model, the room, or an answer. */
  readonly during: "attributes" | "start" | "load" | "room" | "answer";
  readonly error: Error;
}

/** The peers of the room or their offers have changed. Outside of rooms there are no peers. */
interface PeerChangeDetail {
  readonly peers: readonly PeerState[];
}

/**
 * `off`: nobody has asked for it yet, the visitor has said no, or it was stopped. `joining`: on the way into the room. `loading`: the
 * device is lent as soon as its model is loaded. `paused`: the device answers nobody for now, as on battery.
 */
export type NodeState = "off" | "asking" | "joining" | "loading" | "lending" | "paused" | "failed";

/** The lending of a `<microgrid-node>` has gone on, or has stopped. */
interface StateDetail {
  readonly state: NodeState;
}

/** All events of the elements, by name. */
export interface MicrogridElementEvents {
  "microgrid-ready": CustomEvent<ReadyDetail>;
  "microgrid-progress": CustomEvent<ProgressDetail>;
  "microgrid-token": CustomEvent<TokenDetail>;
  "microgrid-done": CustomEvent<DoneDetail>;
  "microgrid-error": CustomEvent<ErrorDetail>;
  "microgrid-peer-change": CustomEvent<PeerChangeDetail>;
  "microgrid-state": CustomEvent<StateDetail>;
}

declare global {
  /** So that `addEventListener` knows the details; the events bubble up to the document. */
  // oxlint-disable-next-line typescript/no-empty-object-type -- Only an interface merges with the existing one.
  interface HTMLElementEventMap extends MicrogridElementEvents {}
}

/** Sends an event from `element` through all shadow roots up to the document. */
export function send<K extends keyof MicrogridElementEvents>(
  element: HTMLElement,
  type: K,
  detail: MicrogridElementEvents[K]["detail"],
): void {
  element.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
}
