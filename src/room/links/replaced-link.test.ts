/** Work that began over one link continues when another link replaces it. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Bytes, type Did, TypedEventTarget, deferred } from "../../core";
import { makeEphemeralKey } from "../../identity";
import { ToyProvider, letters, toyRequest } from "../../inference/testing/toy-provider";
import { type MemoryLink, memoryLinkPair } from "../../wire/testing/memory-transport";
import { MemberSession } from "../member-session";
import { Membership } from "../membership";
import type { Member } from "./member";
import type { SignalingRegistration } from "../signaling/registration";
import { StageLanes } from "../stages/lanes";
import { foundTestRoom, memberContext } from "../testing/founding";

const { signal } = new AbortController();
const nobody = (): Promise<never> => Promise.reject(new Error("nobody is dialled here"));
const sessions: MemberSession[] = [];
afterEach(() => {
  for (const session of sessions.splice(0)) session.leave();
});

/** The inside of a room without signaling: its lines come from the test. */
function inside(membership: Membership) {
  const toy = new ToyProvider(membership.signer.did);
  const about = { name: "node", device: "test", gpu: "", visible: true, battery: undefined, tokenRate: 0, ownJobs: 0 };
  const registration = Object.assign(new TypedEventTarget(), {
    current: undefined,
  }) as unknown as SignalingRegistration;
  const hand = { offer: nobody, answer: nobody };
  const session = new MemberSession({
    registration,
    membership,
    agent: "test/1",
    local: toy,
    hand,
    profile: () => about,
  });
  session.share({ maxJobs: 1, models: new Set(["toy"]) }, false);
  sessions.push(session);
  return { session, toy, did: membership.signer.did };
}

/** Two members; of their two lines, each as `[lower, higher]`, the second gives way. */
async function pair() {
  const second = await makeEphemeralKey();
  const { founder, membership, parts } = await foundTestRoom({}, { others: [second] });
  const nodes = [inside(membership), inside(new Membership(memberContext(second), parts))] as const;
  const [low, high] = founder.did < second.did ? nodes : ([nodes[1], nodes[0]] as const);
  const join = ([ofLow, ofHigh]: readonly [MemoryLink, MemoryLink]): void => {
    void low.session.introduce(ofLow);
    void high.session.introduce(ofHigh);
  };
  const [ofHigh, ofLow] = memoryLinkPair();
  return { low, high, join, stays: memoryLinkPair(), givesWay: [ofLow, ofHigh] as const };
}

/** The kind of a frame that is one message. */
function kindOf(message: Bytes): string {
  return message[0] === 0 ? new TextDecoder().decode(message.subarray(2, 2 + message[1]!)) : "";
}

/** Resolves when this end has its line in use: it says so by a heartbeat. */
function inUse({ control }: MemoryLink): Promise<void> {
  const { promise, resolve } = deferred<void>();
  control.tamper = (message) => {
    if (kindOf(message) === "heartbeat") resolve();
    return message;
  };
  return promise;
}

/** Keeps back what this end sends, from its `hello` on, until the result is called. */
function keepBack({ control }: MemoryLink): () => void {
  const kept: Bytes[] = [];
  let open = false;
  control.tamper = (message) => {
    if (open || (kindOf(message) !== "hello" && kept.length === 0)) return message;
    kept.push(message.slice());
    return undefined;
  };
  return () => {
    open = true;
    for (const message of kept) control.other!.receive(message);
  };
}

describe("a link that gives way to another", () => {
  it.each(["low", "high"] as const)("loses no frame that the %s one has sent over it", async (who) => {
    const { low, high, join, stays, givesWay } = await pair();
    const [from, to] = who === "low" ? [low, high] : [high, low];
    const got: string[] = [];
    to.session.stages.handle({
      "stage.close": () => got.push("stage.close"),
      "stage.leaving": () => got.push("stage.leaving"),
    });
    const goOn = keepBack(givesWay[who === "low" ? 0 : 1]);
    join(givesWay);
    await vi.waitFor(() => expect(from.session.links).toBe(1));
    // The other one does not know of this link yet, and will know of the better one first.
    const release = await from.session.stages.hold(to.did, { signal });
    await from.session.stages.send(to.did, "stage.close", { pipeline: "00".repeat(8) });
    const changed = Promise.all(stays.map(inUse));
    join(stays);
    await changed;
    await from.session.stages.send(to.did, "stage.leaving", { pipeline: "00".repeat(8) });
    await vi.waitFor(() => expect(got).toContain("stage.leaving"));
    goOn();
    await vi.waitFor(() => expect(got).toContain("stage.close"));
    release();
  });

  it("carries an answer that was begun over it to its end", async () => {
    const { low, high, join, stays, givesWay } = await pair();
    join(givesWay);
    await vi.waitFor(() => expect(low.session.peers).toHaveLength(1));
    await vi.waitFor(() => expect(low.session.peers[0]!.models()).toHaveLength(1));
    const begun = deferred<void>();
    const held = deferred<void>();
    high.toy.beforeToken = (position) => {
      if (position === 1) begun.resolve();
      return position === 1 ? held.promise : Promise.resolve();
    };
    const answer = (async () => {
      let text = "";
      for await (const event of low.session.peers[0]!.generate(toyRequest(5), { signal })) {
        if (event.type === "token") text += event.text;
      }
      return text;
    })();
    await begun.promise;
    const changed = Promise.all(stays.map(inUse));
    join(stays);
    await changed;
    held.resolve();
    expect(await answer).toBe(letters(5));
    expect(high.toy.started).toBe(1);
  });
});

describe("a member that is held", () => {
  /** A member over a link of which only the marks count. */
  function member(did: Did): Member & { marks(): number } {
    let marks = 0;
    const markBusy = () => {
      let marked = true;
      marks++;
      return () => {
        if (marked) marks--;
        marked = false;
      };
    };
    const about = { did, link: { open: true, markBusy }, stage: { listen: () => undefined }, marks: () => marks };
    return about as unknown as Member & { marks(): number };
  }

  it("is held over the link that replaces the first one, and not over a spare one", async () => {
    const did = "did:key:a" as Did;
    const members = new Map<Did, Member>();
    const traffic = new StageLanes(members, nobody);
    const [first, second, spare] = [member(did), member(did), member(did)];
    const all = () => [first, second, spare].map((each) => each.marks());
    members.set(did, first);
    traffic.attach(first);
    const one = await traffic.hold(did, { signal });
    const two = await traffic.hold(did, { signal });
    expect(all()).toEqual([2, 0, 0]);
    members.set(did, second);
    traffic.attach(second);
    traffic.attach(spare);
    expect(all()).toEqual([0, 2, 0]);
    one();
    one();
    expect(all()).toEqual([0, 1, 0]);
    two();
    members.set(did, first);
    traffic.attach(first);
    expect(all()).toEqual([0, 0, 0]);
  });
});
