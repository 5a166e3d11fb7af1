/** The events of a membership. */
import type { Did } from "../../core";
import type { Signed } from "../../identity";
import type { Charter } from "./charter";
import type { Epochs } from "./epochs";
import type { DoubleFrame } from "./doubles";
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
  /** By what the founders, this node's own house or the node itself has signed, it is no longer a member; the reason is for people. */
  out: string;
  /** A member gave one place to two nodes: the member is out, and the others must be told. */
  double: { readonly did: Did; readonly evidence: DoubleFrame };
  /** A new word of the founders about the epoch. */
  head: HeadFrame;
}
