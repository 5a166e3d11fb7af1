/** What the embedded element needs of charters: their rules in sentences, and whether they let this node in. */
export { type Entrance, entranceFor } from "./entrance";
export { purposeOf, rulesOf } from "./rules";
