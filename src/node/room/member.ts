/** The part of a node in every room that it enters. */
import type { Keep, Signer } from "../../identity";
import { GivenPlaces, type MemberContext } from "../../room";
import type { NodeHouse } from "../house";

/** Makes the node's part of a membership from its key, its house and what it keeps. */
export function memberOf({
  signer,
  house,
  keep,
}: {
  readonly signer: Signer;
  readonly house: NodeHouse;
  readonly keep: Keep;
}): MemberContext {
  return {
    signer,
    governors: async () => [await house.signer()].filter((key) => key !== undefined),
    revocations: house.revocations,
    given: new GivenPlaces(keep),
    hear: (signed) => house.hear(signed),
  };
}
