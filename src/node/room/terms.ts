/** Rooms as people ask for them, made into what founders sign. */
import { DAY_MS, type Did, MicrogridError } from "../../core";
import type { Signed, Signer } from "../../identity";
import { type CharterTerms, INVITE_DAYS, MAX_NEW_ROOM_NAME_CHARS, type MembershipParts, found } from "../../room";
import type { InviteOptions } from "../types";
import type { CharterOptions, CharterTerms as ShownTerms } from "../types";

/** The rules of a room where nothing else is said. */
const DEFAULT_TERMS: Omit<CharterTerms, "name" | "servers"> = {
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

/** Founds a room with the key given. Throws `bad-request` for rules that cannot be, `signaling-unreachable` without a server. */
export async function foundRoom(
  name: string,
  { founders = [], quorum = 1, ...terms }: CharterOptions,
  { founder, servers, delegation }: { founder: Signer; servers: readonly string[]; delegation: Signed | undefined },
): Promise<MembershipParts> {
  const chosen = terms.servers ?? servers;
  if (chosen.length === 0) {
    throw new MicrogridError(
      "signaling-unreachable",
      "No signaling server is set for this site, so a room cannot be opened. Set one in the settings; whoever runs the site sets one in microgrid.config.json.",
    );
  }
  const roomName = name.trim().slice(0, MAX_NEW_ROOM_NAME_CHARS) || "Room";
  return found({
    name: roomName,
    signers: [founder],
    founders: [...new Set([founder.did, ...(founders as readonly Did[])])],
    quorum,
    terms: { ...DEFAULT_TERMS, ...signable({ ...terms, servers: chosen, name: roomName }) } as CharterTerms,
    delegation,
  });
}

/** Terms as they are signed: what is undefined is absent. Whether they can be is checked when they are signed. */
export function signable(terms: Partial<ShownTerms>): Partial<CharterTerms> {
  return JSON.parse(JSON.stringify(terms)) as Partial<CharterTerms>;
}

/** The limits of an invite. Throws `bad-request` for such that cannot be. */
export function inviteLimits({ uses = 0, endsAt }: InviteOptions): { uses: number; notAfter: number } {
  const notAfter = endsAt?.getTime() ?? Date.now() + INVITE_DAYS * DAY_MS;
  if (!(notAfter > Date.now())) {
    throw new MicrogridError("bad-request", "The end of an invite has to be in the future.");
  }
  if (!Number.isSafeInteger(uses) || uses < 0) {
    throw new MicrogridError("bad-request", "An invite lets in a whole number of devices.");
  }
  return { uses, notAfter };
}
