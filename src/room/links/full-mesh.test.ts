/** A node with as many links as it can take, all of them to keys of one member. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Signer, makeEphemeralKey } from "../../identity";
import { memoryLinkPair } from "../../wire/testing/memory-transport";
import { MAX_LINKS } from "../constants";
import { Membership, readToken } from "../membership";
import { type FoundedRoom, foundTestRoom, memberContext } from "../testing/founding";
import { meshOf } from "../testing/meshes";
import type { Mesh } from "./mesh";

let room: FoundedRoom;
const meshes: Mesh[] = [];
beforeEach(async () => (room = await foundTestRoom()));
afterEach(() => {
  for (const mesh of meshes.splice(0)) mesh.close("done");
});

function connected(membership: Membership): Mesh {
  const mesh = meshOf(membership);
  meshes.push(mesh);
  return mesh;
}

/** A key that `inviter` lets in with an open invite of the founder, which no limit counts. */
async function admitted(inviter: Membership, signer: Signer): Promise<Membership> {
  const { proof } = await inviter.admit(signer.did, undefined, { token: await readToken(room.invite.token.signed) });
  return new Membership(memberContext(signer), { ...inviter.parts, proof });
}

async function link(from: Mesh, to: Mesh): Promise<void> {
  const [near, far] = memoryLinkPair();
  await Promise.all([from.introduce(near, false), to.introduce(far, false)]);
}

it("takes a member of another branch in place of one of them, and no further key of theirs", async () => {
  const { membership } = room;
  const honest = connected(membership);
  const hostile = await admitted(membership, await makeEphemeralKey());
  for (let i = 0; i < MAX_LINKS; i++) {
    await link(connected(await admitted(hostile, await makeEphemeralKey())), honest);
  }
  expect(honest.members.size).toBe(MAX_LINKS);

  const newcomer = await makeEphemeralKey();
  await link(connected(await admitted(membership, newcomer)), honest);
  await vi.waitFor(() => expect(honest.members.size).toBe(MAX_LINKS));
  expect(honest.members.has(newcomer.did)).toBe(true);

  const another = await makeEphemeralKey();
  await link(connected(await admitted(hostile, another)), honest);
  await vi.waitFor(() => expect(meshes.at(-1)!.members.size).toBe(0));
  expect(honest.members.has(another.did)).toBe(false);
  expect(honest.members.has(newcomer.did)).toBe(true);
});
