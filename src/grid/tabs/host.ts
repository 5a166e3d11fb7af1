/** The node as a tab sees it, whether it runs in this tab or in another. */
import type { TypedEventTarget } from "../../core";
import type { NodeCalls } from "../../node";
import type { StatePatch } from "../../node";
import type { AnswerEvent, AnswerRequest, GridState } from "../../node";

export interface HostEvents {
  patch: StatePatch;
}

/** A way to the node. All calls and answers fail with `leader-lost` when the tab that runs it is gone. */
export interface Host extends TypedEventTarget<HostEvents> {
  readonly state: GridState;
  call<M extends keyof NodeCalls>(
    method: M,
    args: NodeCalls[M]["args"],
    signal: AbortSignal,
  ): Promise<NodeCalls[M]["result"]>;
  answer(request: AnswerRequest, signal: AbortSignal): AsyncIterable<AnswerEvent>;
  close(): void;
}
