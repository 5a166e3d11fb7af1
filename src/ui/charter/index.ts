/** Charters for the embedded element: their rules in sentences, and whether this node may enter. */
export { type Entrance, entranceFor } from "./entrance";
export { purposeOf, rulesOf } from "./rules";
