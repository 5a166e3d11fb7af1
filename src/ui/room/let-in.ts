/** Says when a person was let into the room, and by whom. */
import { quotedName } from "../../core";
import type { PeerState } from "../../grid";
import { dayText } from "../dates";

const DAY_MS = 86_400_000;

/** `by` is the name of the member that let this person in, or undefined where that is clear. Members may claim any date: one that is still to come is left out. */
export function letInText(
  { admittedAt }: Pick<PeerState, "admittedAt">,
  by: string | undefined,
  now = Date.now(),
): string {
  const on = admittedAt !== undefined && admittedAt < now + DAY_MS ? ` on ${dayText(admittedAt)}` : "";
  const who = by === undefined ? "" : ` by ${quotedName(by)}`;
  return on === "" && who === "" ? "" : `let in${on}${who}`;
}
