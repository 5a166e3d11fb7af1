/** A founded room and its founder, for tests of everything that happens after that. */
import { Revocations, type Signer, makeEphemeralKey } from "../../identity";
import type { Invite } from "../invite/invite";
import { type SignedTerms, type MemberContext, Membership, type MembershipParts, found } from "../membership";
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

/** A member that no house vouches for. */
export function memberContext(signer: Signer, governors: readonly Signer[] = []): MemberContext {
  const revocations = new Revocations();
  return { signer, governors: async () => governors, revocations, hear: (signed) => revocations.add(signed) };
}

/** Options that a test node needs besides its way into the room. */
export const BARE_NODE = {
  delegation: () => undefined,
  agent: "test/1",
  keep: () => undefined,
} satisfies Partial<RoomOptions>;
