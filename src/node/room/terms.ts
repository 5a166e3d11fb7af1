/** Turns the rooms that people ask for into the records that founders sign. */
import { DAY_MS, type Did, MicrogridError } from "../../core";
import type { Signed, Signer } from "../../identity";
import { type SignedTerms, INVITE_DAYS, MAX_NEW_ROOM_NAME_CHARS, type MembershipParts, found } from "../../room";
import type { InviteOptions } from "../types";
import type { CharterOptions, CharterTerms } from "../types";

/** The rules of a room where nothing else is said. */
const DEFAULT_TERMS: Omit<SignedTerms, "name" | "servers"> = {
  purpose: "",
  admission: { kind: "invite" },
  invites: "members",
  models: "any",
  limits: {},
  contribution: "welcome",
  endpoints: false,
  federation: false,
  logs: "",
};

/**
 * Founds a room with the given key. Throws `bad-request` for invalid rules, `signaling-unreachable` without a server.
 */
export async function foundRoom(
  name: string,
  { founders = [], quorum = 1, ...terms }: CharterOptions,
  { founder, servers, delegation }: { founder: Signer; servers: readonly string[]; delegation: Signed | undefined },
): Promise<MembershipParts> {
  const chosen = terms.servers ?? servers;
  if (chosen.length === 0) {
    throw new MicrogridError(
      "signaling-unreachable",
      "No signaling server is set for this site, so a room cannot be opened. Set one in the settings, or, if you run this site, in microgrid.config.json.",
    );
  }
  const roomName = name.trim().slice(0, MAX_NEW_ROOM_NAME_CHARS) || "Room";
  return found({
    name: roomName,
    signers: [founder],
    founders: [...new Set([founder.did, ...(founders as readonly Did[])])],
    quorum,
    terms: { ...DEFAULT_TERMS, ...signable({ ...terms, servers: chosen, name: roomName }) } as SignedTerms,
    delegation,
  });
}

/** The terms as they are signed, without undefined fields. They are checked when they are signed. */
export function signable(terms: Partial<CharterTerms>): Partial<SignedTerms> {
  return JSON.parse(JSON.stringify(terms)) as Partial<SignedTerms>;
}

/** The limits of an invite. Throws `bad-request` for invalid ones. */
export function inviteLimits({ uses = 0, endsAt }: InviteOptions): { uses: number; notAfter: number } {
  const notAfter = endsAt?.getTime() ?? Date.now() + INVITE_DAYS * DAY_MS;
  if (!(notAfter > Date.now())) {
    throw new MicrogridError("bad-request", "An invite must end in the future.");
  }
  if (!Number.isSafeInteger(uses) || uses < 0) {
    throw new MicrogridError("bad-request", "The number of devices that an invite lets in must be a whole number.");
  }
  return { uses, notAfter };
}
