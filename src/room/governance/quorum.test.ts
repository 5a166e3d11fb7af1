/** Changes that several founders have to sign. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Did } from "../../core";
import { type Signer, makeEphemeralKey } from "../../identity";
import { MemorySignaling } from "../../wire/testing/memory-transport";
import { type TestNode, TestNodes, eventually, together } from "../testing/nodes";

vi.mock("../constants", async (original) => ({
  ...(await original<object>()),
  LONELY_SCAN_MS: 30,
  SLOT_SCAN_MS: 60,
  NEXT_SLOT_MS: 150,
}));

let nodes: TestNodes;
beforeEach(() => (nodes = new TestNodes(new MemorySignaling())));
afterEach(() => nodes.leave());

const charterOf = ({ session }: TestNode) => session.charter?.terms;

describe("a quorum of two of three founders", () => {
  async function council() {
    const others: Signer[] = [await makeEphemeralKey(), await makeEphemeralKey()];
    const one = await nodes.open({}, { others, quorum: 2 });
    const two = await nodes.start({ membership: one.parts }, others[0]!);
    const three = await nodes.start({ membership: one.parts }, others[1]!);
    const member = await nodes.enter(one.invite);
    await together([one, two, three, member]);
    return { one, two, three, member };
  }
  const proposalAt = async (node: TestNode): Promise<string> => {
    await eventually(() => expect(node.session.inside!.governance.proposals).toHaveLength(1));
    return node.session.inside!.governance.proposals[0]!.id;
  };

  it("changes the charter when two have signed, one after another", async () => {
    const { one, two, three, member } = await council();
    await one.session.inside!.governance.amend({ name: "Loft" });
    const id = await proposalAt(two);
    expect(two.session.inside!.governance.proposals).toMatchObject([
      { kind: "charter", terms: { name: "Loft" }, signers: [one.did] },
    ]);
    expect(charterOf(one)?.name).toBe("Attic");
    await expect(member.session.inside!.governance.endorse(await proposalAt(member))).rejects.toMatchObject({
      code: "bad-request",
    });
    await two.session.inside!.governance.endorse(id);
    const all = [one, two, three, member];
    await eventually(() => expect(all.map((node) => charterOf(node)?.name)).toEqual(all.map(() => "Loft")));
    await eventually(() =>
      expect(all.map(({ session }) => session.inside!.governance.proposals.length)).toEqual([0, 0, 0, 0]),
    );
  });

  it("changes the charter while its proposer is away", async () => {
    const { one, two, three, member } = await council();
    await one.session.inside!.governance.amend({ name: "Loft" });
    await proposalAt(three);
    one.session.leave();
    await together([two, three, member]);
    await three.session.inside!.governance.endorse(await proposalAt(three));
    await eventually(() => expect([two, member].map((node) => charterOf(node)?.name)).toEqual(["Loft", "Loft"]));
    const back = await nodes.comeBack(one);
    await eventually(() => expect(charterOf(back)?.name).toBe("Loft"));
  });

  it("removes a member when two have signed", async () => {
    const { one, two, three, member } = await council();
    const others = one.session.peers.map(({ id }) => id).filter((id) => id !== member.did);
    await one.session.inside!.governance.remove([member.did as Did], others);
    await two.session.inside!.governance.endorse(await proposalAt(two));
    await eventually(() =>
      expect([one, two, three].map(({ session }) => session.membership?.epochs.head.n)).toEqual([1, 1, 1]),
    );
    await together([one, two, three]);
    await eventually(() => expect(member.out.reason).toContain("removed"));
    await eventually(() =>
      expect([one, two, three].flatMap(({ session }) => session.inside!.governance.proposals.length)).toEqual([
        0, 0, 0,
      ]),
    );
  });

  it("shows waiting proposals to a founder that comes later", async () => {
    const { one, two, three, member } = await council();
    three.session.leave();
    await together([one, two, member]);
    await one.session.inside!.governance.amend({ name: "Loft" });
    const back = await nodes.comeBack(three);
    await back.session.inside!.governance.endorse(await proposalAt(back));
    await eventually(() => expect(charterOf(member)?.name).toBe("Loft"));
  });
});
