/** The list of delegations that were signed on this device: the newest for each node that a house vouches for. */
import type { Did } from "../../core";
import { type Revocations, SCOPES, type Scope } from "../../identity";
import type { DelegationState } from "../types";
import type { Issued } from "./record";
import { refuse } from "./refuse";
import { parseRequest } from "./texts";
import type { DelegationTerms } from "./types";

type List = readonly Issued[];

/**
 * The node that a request was made by, and the terms that it is given. Throws `bad-request` if the request cannot be read,
 * was made by this device (`did`), or would have ended already.
 */
export function checkTerms(
  request: string,
  { scopes, notAfter }: DelegationTerms,
  { did, now }: { readonly did: Did; readonly now: number },
): { subject: Did; scopes: Scope[]; notAfter: number } {
  const subject = parseRequest(request);
  const end = notAfter.getTime();
  if (subject === did) throw refuse("This request was made by this device, which belongs to the profile already.");
  if (!(end > now)) throw refuse("The end date has passed already. Choose one in the future.");
  return { subject, scopes: SCOPES.filter((scope) => scopes.includes(scope)), notAfter: end };
}

/** A delegation by a house to a node. */
export function givenTo(list: List, issuer: Did, subject: string): Issued | undefined {
  return list.find((one) => one.issuer === issuer && one.subject === subject);
}

/** The list with a newer delegation, which replaces an earlier one for the same node. */
export function withIssued(list: List, issued: Issued): Issued[] {
  const before = givenTo(list, issued.issuer, issued.subject);
  return [...list.filter((one) => one !== before), issued];
}

/** Merges two lists; of two delegations by one house for one node, the newer stays. */
export function mergeIssued(here: List, brought: List): Issued[] {
  return brought.reduce<Issued[]>(
    (list, one) => {
      const before = givenTo(list, one.issuer, one.subject);
      return before && before.issuedAt >= one.issuedAt ? list : withIssued(list, one);
    },
    [...here],
  );
}

/** The time for a new delegation: `now`, but later than all earlier delegations and revocations for that node. */
export function issueTime(
  list: List,
  revocations: Revocations,
  parties: { issuer: Did; subject: Did; now: number },
): number {
  const { issuer, subject, now } = parties;
  const given = givenTo(list, issuer, subject);
  return Math.max(now, Math.max(revocations.latest(issuer, subject) ?? -1, given?.issuedAt ?? -1) + 2);
}

/** Whether `before` allowed a node something that `after` does not. */
export function narrows(before: Issued, after: Issued): boolean {
  return before.notAfter > after.notAfter || before.scopes.some((scope) => !after.scopes.includes(scope));
}

/** A delegation as it is shown to people. */
export function delegationStates(list: List, house: Did, revocations: Revocations): DelegationState[] {
  return list
    .filter(({ issuer }) => issuer === house)
    .map(({ issuer, subject, label, scopes, issuedAt, notAfter }) => {
      const revoked = issuedAt <= (revocations.latest(issuer, subject) ?? -1);
      return { subject, label, scopes, notAfter, revoked };
    });
}
