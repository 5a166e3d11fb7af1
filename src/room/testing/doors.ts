/** Doors of rooms and guests at them, over lines in memory. */
import type { Did } from "../../core";
import { type Signer, makeEphemeralKey } from "../../identity";
import { type RawLink, authenticate } from "../../wire";
import { memoryLinkPair } from "../../wire/testing/memory-transport";
import { Door } from "../door/door";
import { type GuestCredentials, GuestSession } from "../door/guest-session";
import type { Invite } from "../invite/invite";
import { type Membership, type OpenedToken, type SignedTerms, readToken } from "../membership";
import type { ReceivedBody } from "../protocol";
import { foundTestRoom, memberContext } from "./founding";

/** How guests of tests introduce themselves. */
export const ABOUT = { name: "guest", device: "test", delegation: undefined };
export const nobody = (): void => undefined;

export interface House {
  readonly door: Door;
  readonly membership: Membership;
  readonly founder: Signer;
  readonly invite: Invite;
  /** The knocks that members were told about. */
  readonly told: ReceivedBody<"knock">[];
  /** Lines to guests that have become members. */
  readonly entered: RawLink[];
}

export async function house(terms: Partial<SignedTerms> = {}): Promise<House> {
  const { membership, founder, invite } = await foundTestRoom(terms);
  return { ...doorOf(membership), founder, invite };
}

export function doorOf(
  membership: Membership,
  issuerAt?: string,
): Pick<House, "door" | "membership" | "told" | "entered"> {
  const told: House["told"] = [];
  const entered: RawLink[] = [];
  const inside = () => [{ did: membership.signer.did, name: "host", device: "test", sharing: false, models: [] }];
  const door = new Door({
    membership,
    inside,
    addressOf: () => issuerAt,
    owners: () => membership.genesis.founders,
    tell: (frame) => told.push(frame as ReceivedBody<"knock">),
    introduce: (raw) => entered.push(raw),
  });
  return { door, membership, told, entered };
}

/** A line to a door; the far end has gone through the door's side of the handshake, if it can. */
export function lineTo({ door, membership }: Pick<House, "door" | "membership">): RawLink & { served: Promise<void> } {
  const [near, far] = memoryLinkPair();
  const { signer, genesis } = membership;
  const credentials = { signer, agent: "host", roomId: genesis.roomId, claim: membership.claim() };
  const served = authenticate(far, credentials).then((line) => door.receive(line), nobody);
  return Object.assign(near, { served });
}

export interface Guest {
  readonly signer?: Signer;
  readonly token?: OpenedToken;
}

export async function credentialsOf(invite: Invite, { signer, token }: Guest = {}): Promise<GuestCredentials> {
  const { revocations } = memberContext(await makeEphemeralKey());
  const shown = token ?? (await readToken(invite.token.signed));
  return { signer: signer ?? (await makeEphemeralKey()), agent: "guest", invite, token: shown, revocations };
}

export async function visit(
  at: Pick<House, "door" | "membership">,
  invite: Invite,
  guest: Guest = {},
): Promise<GuestSession> {
  return GuestSession.begin(lineTo(at), await credentialsOf(invite, guest));
}

export async function remove(membership: Membership, did: Did): Promise<void> {
  const { record, secret } = await membership.proposeEpoch([did]);
  await membership.takeEpochs(membership.epochs.with(record, secret));
}
