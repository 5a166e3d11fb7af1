/** Describes a charter in sentences, for the people it applies to. */
import type { CharterTerms } from "../../grid";
import { plain, plainLines } from "../plain";

/** Names to show for ids; a missing function shows the id. */
export interface Names {
  readonly model?: (id: string) => string;
  readonly did?: (did: string) => string;
}

/** One rule. `list` has the people or things it applies to if they do not fit the sentence. */
export interface Rule {
  readonly text: string;
  readonly list?: readonly string[];
}

/** The rules of a room, most important first. */
export function rulesOf(
  terms: CharterTerms & { readonly founders: readonly string[]; readonly quorum: number },
  names: Names = {},
): readonly Rule[] {
  return [
    admission(terms, names),
    {
      text: terms.invites === "members" ? "Every member can make invites." : "Only founders can make invites.",
    },
    models(terms, names),
    { text: limits(terms.limits) },
    {
      text:
        terms.contribution === "expected"
          ? "Members are expected to share their device; those who do not get no answers."
          : "Sharing your device is welcome but optional.",
    },
    {
      text: terms.endpoints
        ? "Members may also answer through endpoints outside the room, which then see the chat."
        : "Answers come only from the members’ own devices.",
    },
    {
      text: terms.federation
        ? "Spare capacity may be offered to other rooms."
        : "Capacity is not offered to other rooms.",
    },
    { text: logs(terms.logs) },
    { text: changes(terms.founders.length, terms.quorum) },
  ];
}

/** The purpose of the room; empty if its founders gave none. */
export function purposeOf({ purpose }: Pick<CharterTerms, "purpose">): string {
  return plainLines(purpose);
}

function admission({ admission: kind }: CharterTerms, { did = String }: Names): Rule {
  switch (kind.kind) {
    case "invite":
      return { text: "Anyone with an invite can join." };
    case "approval":
      return { text: "Anyone with an invite can ask to join; a member decides." };
    case "listed":
      return {
        text: `Only ${count(kind.dids.length, "listed identity", "listed identities")} can join.`,
        list: kind.dids.map(did),
      };
    case "houses":
      return {
        text: `Only devices that ${count(kind.houses.length, "listed house vouches", "listed houses vouch")} for can join.`,
        list: kind.houses.map(did),
      };
  }
}

function models({ models: allowed }: CharterTerms, { model = String }: Names): Rule {
  if (allowed === "any") return { text: "Any model may answer." };
  const names = allowed.map((id) => plain(model(id)));
  if (names.length === 0) return { text: "No model may answer." };
  if (names.length <= 3) return { text: `Only ${and(names)} may answer.` };
  return { text: `Only these ${names.length} models may answer.`, list: names };
}

function limits({ jobsAtOnce, tokensPerAnswer, answersPerHour }: CharterTerms["limits"]): string {
  const parts = [
    jobsAtOnce === undefined ? "" : `${count(jobsAtOnce, "answer", "answers")} at the same time`,
    answersPerHour === undefined ? "" : `${count(answersPerHour, "answer", "answers")} per hour`,
    tokensPerAnswer === undefined ? "" : `${count(tokensPerAnswer, "token", "tokens")} in each answer`,
  ].filter(Boolean);
  return parts.length === 0 ? "There are no limits for members." : `Each member gets at most ${and(parts)}.`;
}

function logs(text: string): string {
  const said = plain(text);
  return said === ""
    ? "According to the founders, nothing is logged."
    : `According to the founders, this is logged: ${said}`;
}

function changes(founders: number, quorum: number): string {
  if (founders === 1) return "Its founder can change these rules and remove members.";
  const agreement = quorum === founders ? "all of them must agree" : `${quorum} of ${founders} must agree`;
  return `Its founders can change these rules and remove members; ${agreement}.`;
}

function count(amount: number, one: string, many: string): string {
  return `${amount.toLocaleString("en")} ${amount === 1 ? one : many}`;
}

function and(parts: readonly string[]): string {
  const last = parts.at(-1) ?? "";
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(", ")} and ${last}`;
}
