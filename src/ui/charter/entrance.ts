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
  const memberOf = house?.scopes.includes("member") ? house.did : undefined;
  const founders = new Set(charter.founders);
  if (founders.has(node.did) || (house?.scopes.includes("founder") && founders.has(house.did))) return { kind: "open" };
  const { admission } = charter;
  switch (admission.kind) {
    case "invite":
      return { kind: "open" };
    case "approval":
      return { kind: "ask" };
    case "listed":
      if (admission.dids.includes(node.did) || (memberOf && admission.dids.includes(memberOf))) return { kind: "open" };
      return {
        kind: "closed",
        reason:
          "Only listed people can join this room, and this device is not on the list. Send your ID to the owner of the room and ask to be added.",
      };
    case "houses":
      if (memberOf && admission.houses.includes(memberOf)) return { kind: "open" };
      return {
        kind: "closed",
        reason: house
          ? "Only certain people and organisations can join this room, and your profile is not one of them. Send the ID of your profile to the owner of the room and ask to be added."
          : "Only devices of certain people and organisations can join this room, and this one belongs to no profile. If one of them is yours, add this device to your profile in Settings.",
      };
  }
}
