/** Whether a charter lets this node in, as far as it can tell before it asks. */
import type { CharterState, GridState } from "../../grid";

export type Entrance =
  /** It can simply enter. */
  | { readonly kind: "open" }
  /** A member decides. */
  | { readonly kind: "ask" }
  /** Not as it is now: the sentence says why, and what to do. */
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
          "This room lets in only whom its founders have listed, and this device is not among them. Send them your identity and ask to be added.",
      };
    case "houses":
      if (house?.scopes.includes("member") && admission.houses.includes(house.did)) return { kind: "open" };
      return {
        kind: "closed",
        reason: house
          ? "This room lets in only members of certain houses, and yours is not among them. Send its founders the identity of your house and ask to be added."
          : "This room lets in only devices that certain houses vouch for, and nobody vouches for this one. If you are of such a house, have one of its devices vouch for this one, in Settings under “House”.",
      };
  }
}
