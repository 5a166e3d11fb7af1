/** A link of somebody who does not run this program: it passes the handshake, and then sends what the test likes. */
import { vi } from "vitest";
import type { Signer } from "../../identity";
import { type AuthenticatedLine, authenticate } from "../../wire";
import type { MemorySignaling } from "../../wire/testing/memory-transport";
import type { MembershipParts } from "../membership";
import { dayOf, slotIds } from "../signaling/slots";

let count = 0;

/**
 * Dials a member, and proves to know the secret of the epoch of `parts`. Lines through the room's slots exchange no more than addresses;
 * `direct` dials any node at its own address instead.
 */
export async function hostileLine(
  signaling: MemorySignaling,
  parts: MembershipParts,
  signer: Signer,
  { direct = false }: { readonly direct?: boolean } = {},
): Promise<AuthenticatedLine> {
  const { signal } = new AbortController();
  const secrets = await parts.epochs.rendezvousSecrets();
  const slots = (await Promise.all(secrets.map((secret) => slotIds(secret, dayOf(Date.now()))))).flat();
  // A slot may be free for a moment, when its holder has just left.
  const held = await vi.waitUntil(() => [...signaling.endpoints.keys()].find((id) => slots.includes(id) !== direct));
  const endpoint = await signaling.open(`hostile${count++}`, { signal });
  if (endpoint === "taken") throw new Error("Nobody can be dialled.");
  const raw = await endpoint.dial(held, { timeoutMs: 2_000, signal });
  const claim = {
    kind: "member",
    epoch: parts.epochs.head.n,
    secretOf: (n: number) => parts.epochs.secretOf(n),
  } as const;
  return authenticate(raw, { signer, agent: "hostile/1", roomId: parts.genesis.roomId, claim });
}
