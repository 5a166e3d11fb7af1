/** Ending the link to somebody who is no member. */
import { MicrogridError } from "../../core";
import type { Membership } from "../membership";
import type { RoomLink } from "../protocol";

/** Shows the signatures by which it is no member, since it must not leave on anybody's words, and ends the link. */
export function dismiss(link: RoomLink, { charter, epochs, places }: Membership, error: unknown): void {
  link.post("charter", { signed: charter.signed });
  if (epochs.head.n > 0) link.post("removal", { records: epochs.data.records });
  const double = places.doubles.of(link.did);
  if (double) link.post("double", double);
  link.close(error instanceof MicrogridError ? error.message : "it has no valid proof");
}
