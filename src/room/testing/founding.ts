/** A founded room and its founder, for tests of everything that happens after that. */
import { randomBytes } from "../../core";
import { MemoryKeep, Revocations, type Signer, makeEphemeralKey, signStatement } from "../../identity";
import type { Invite } from "../invite/invite";
import {
  CHARTER,
  GivenPlaces,
  type SignedTerms,
  type MemberContext,
  Membership,
  type MembershipParts,
  found,
  openCharter,
} from "../membership";
import { Epochs } from "../membership/epochs";
import { makeGenesis } from "../membership/genesis";
import type { RoomOptions } from "../room-session";

/** The rules of a test room, unless a test changes them. */
export const OPEN_TERMS: SignedTerms = {
  name: "Attic",
  purpose: "",
  admission: { kind: "invite" },
  invites: "members",
  servers: ["http://signal.example/"],
  models: "any",
  limits: {},
  contribution: "welcome",
  endpoints: true,
  federation: false,
  logs: "",
};

/** A room whose one founder is a node. */
export interface FoundedRoom {
  readonly founder: Signer;
  readonly parts: MembershipParts;
  readonly membership: Membership;
  /** Lets in anybody. */
  readonly invite: Invite;
}

export async function foundTestRoom(
  terms: Partial<SignedTerms> = {},
  options: { readonly others?: readonly Signer[]; readonly quorum?: number } = {},
): Promise<FoundedRoom> {
  const founder = await makeEphemeralKey();
  const parts = await found({
    name: terms.name ?? OPEN_TERMS.name,
    signers: [founder],
    founders: [founder, ...(options.others ?? [])].map(({ did }) => did),
    quorum: options.quorum ?? 1,
    terms: { ...OPEN_TERMS, ...terms },
    delegation: undefined,
  });
  const membership = new Membership(memberContext(founder), parts);
  return { founder, parts, membership, invite: await membership.invites.current() };
}

/** The parts of a room as versions before the limit of people founded it. */
export async function foundOldRoom(founder: Signer, terms: Partial<SignedTerms> = {}): Promise<MembershipParts> {
  const secret = randomBytes(32);
  const all = { ...OPEN_TERMS, ...terms };
  const { name } = all;
  const founders = [founder.did];
  const random = randomBytes(16);
  const genesis = await makeGenesis({ name, founders, quorum: 1, random, epochSecret: secret, terms: all });
  const body = { v: 1 as const, room: genesis.hash, version: 0, at: Date.now(), ...all };
  const charter = await openCharter(await signStatement(CHARTER, body, founder), genesis);
  const epochs = await Epochs.open({ records: [], secrets: [secret] }, genesis);
  return { genesis, charter, epochs, proof: [], redeemed: new Map(), token: undefined, head: undefined };
}

/** A member that no house vouches for. */
export function memberContext(signer: Signer, governors: readonly Signer[] = []): MemberContext {
  const revocations = new Revocations();
  const given = new GivenPlaces(new MemoryKeep());
  return { signer, governors: async () => governors, revocations, given, hear: (signed) => revocations.add(signed) };
}

/** Options that a test node needs besides its way into the room. */
export const BARE_NODE = {
  delegation: () => undefined,
  agent: "test/1",
  keep: () => undefined,
} satisfies Partial<RoomOptions>;
