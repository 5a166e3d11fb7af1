/** The events of a membership. */
import type { Signed } from "../../identity";
import type { Charter } from "./charter";
import type { Epochs } from "./epochs";
import type { HeadFrame } from "./head";
import type { Proof } from "./proof";

export interface MembershipEvents {
  /** The rules, the epoch or other stored data has changed. */
  change: undefined;
  /** A change came into force that other members must be told about. */
  charter: Charter;
  epochs: Epochs;
  revocation: Signed;
  proof: Proof;
  /** By what the founders have signed, or by this node's own house, it is no longer a member; the reason is for people. */
  out: string;
  /** A new word of the founders about the epoch. */
  head: HeadFrame;
}
