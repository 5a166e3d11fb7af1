/** A link without another node, for tests of jobs. */
import { randomId } from "../../core";
import type { RoomFrameBody, RoomLink } from "../protocol";

interface Sent {
  readonly kind: string;
  readonly body: Record<string, unknown>;
}

export interface FakeLink {
  readonly link: RoomLink;
  /** The frames that were sent over it. */
  readonly sent: Sent[];
  /** Why it was closed, and how many uses keep it busy. */
  readonly state: { closedFor: string | undefined; marks: number };
}

/** A link that only notes what is sent over it. */
export function fakeLink(did = randomId(8)): FakeLink {
  const sent: Sent[] = [];
  const note = (kind: string, body: Record<string, unknown>): void => void sent.push({ kind, body });
  const state: FakeLink["state"] = { closedFor: undefined, marks: 0 };
  const link = {
    did,
    open: true,
    closed: new Promise<string>(() => undefined),
    markBusy: () => {
      state.marks++;
      return () => state.marks--;
    },
    post: note,
    send: async (kind: string, body: Record<string, unknown>) => note(kind, body),
    accuse: (reason: string) => (state.closedFor = reason),
  };
  return { link: link as unknown as RoomLink, sent, state };
}

export const LOAD: RoomFrameBody<"heartbeat">["load"] = { running: 0, queued: 0, tokenRate: 0, visible: true };
