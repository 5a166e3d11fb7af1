/** Works out from a charter whether this node may enter the room, before it asks. */
import type { CharterState, GridState } from "../../grid";

export type Entrance =
  /** The node can enter right away. */
  | { readonly kind: "open" }
  /** A member has to let it in. */
  | { readonly kind: "ask" }
  /** The node cannot enter as it is; `reason` says why and what to do. */
  | { readonly kind: "closed"; readonly reason: string };

/** How this node can enter a room; `now` in milliseconds since 1970. */
export function entranceFor(charter: CharterState, node: GridState["node"], now = Date.now()): Entrance {
  const house = node.house && node.house.notAfter > now ? node.house : undefined;
  const founders = new Set(charter.founders);
  if (founders.has(node.did) || (house?.scopes.includes("founder") && founders.has(house.did))) return { kind: "open" };
  const { admission } = charter;
  switch (admission.kind) {
    case "invite":
      return { kind: "open" };
    case "approval":
      return { kind: "ask" };
    case "listed":
      if (admission.dids.includes(node.did) || (house && admission.dids.includes(house.did))) return { kind: "open" };
      return {
        kind: "closed",
        reason:
          "Only people on the founders’ list can join this room, and this device is not on it. Send the founders your identity and ask to be added.",
      };
    case "houses":
      if (house?.scopes.includes("member") && admission.houses.includes(house.did)) return { kind: "open" };
      return {
        kind: "closed",
        reason: house
          ? "Only members of certain houses can join this room, and yours is not one of them. Send the founders the identity of your house and ask to be added."
          : "Only devices that certain houses vouch for can join this room, and no house vouches for this one. If you belong to such a house, have one of its devices vouch for this one, in Settings under “House”.",
      };
  }
}
