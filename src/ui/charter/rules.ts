/** A charter in sentences, as it is shown to whoever is about to live by it. */
import type { CharterTerms } from "../../grid";
import { plain, plainLines } from "../plain";

/** How things are called here; what is not known goes by its id. */
export interface Names {
  readonly model?: (id: string) => string;
  readonly did?: (did: string) => string;
}

/** One rule; `list` names whom or what it means, where that is more than a sentence holds. */
export interface Rule {
  readonly text: string;
  readonly list?: readonly string[];
}

/** The rules of a room, the most important first. */
export function rulesOf(
  terms: CharterTerms & { readonly founders: readonly string[]; readonly quorum: number },
  names: Names = {},
): readonly Rule[] {
  return [
    admission(terms, names),
    {
      text: terms.invites === "members" ? "Every member may make invites." : "Only founders may make invites.",
    },
    models(terms, names),
    { text: limits(terms.limits) },
    {
      text:
        terms.contribution === "expected"
          ? "Members are expected to share their device: who does not share is not answered."
          : "Sharing your device is welcome, and nobody has to.",
    },
    {
      text: terms.endpoints
        ? "Members may also answer with endpoints outside the room, which then see the chat."
        : "Answers come from the members’ own devices only.",
    },
    {
      text: terms.federation
        ? "Spare capacity may be passed on to other rooms."
        : "Capacity is not passed on to other rooms.",
    },
    { text: logs(terms.logs) },
    { text: changes(terms.founders.length, terms.quorum) },
  ];
}

/** What the room is for; empty where its founders did not say. */
export function purposeOf({ purpose }: Pick<CharterTerms, "purpose">): string {
  return plainLines(purpose);
}

function admission({ admission: kind }: CharterTerms, { did = String }: Names): Rule {
  switch (kind.kind) {
    case "invite":
      return { text: "Everybody with an invite can come in." };
    case "approval":
      return { text: "With an invite one can ask to come in; a member decides." };
    case "listed":
      return {
        text: `Only ${count(kind.dids.length, "listed identity", "listed identities")} can come in.`,
        list: kind.dids.map(did),
      };
    case "houses":
      return {
        text: `Only devices that ${count(kind.houses.length, "listed house vouches", "listed houses vouch")} for can come in.`,
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
    answersPerHour === undefined ? "" : `${count(answersPerHour, "answer", "answers")} an hour`,
    tokensPerAnswer === undefined ? "" : `${count(tokensPerAnswer, "token", "tokens")} in each answer`,
  ].filter(Boolean);
  return parts.length === 0 ? "There are no limits for members." : `Each member gets at most ${and(parts)}.`;
}

function logs(text: string): string {
  const said = plain(text);
  return said === "" ? "The founders say that nothing is logged." : `What is logged, as the founders say: ${said}`;
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
