/** Describes a charter in sentences, for the people it applies to. */
import { plain, plainLines } from "../../core";
import { type CharterTerms, STANDARD_PEOPLE } from "../../grid";

/** Names to show for ids; a missing function shows the id. */
export interface Names {
  readonly model?: (id: string) => string;
  readonly did?: (did: string) => string;
}

/** One rule. `list` has the people or things it applies to if they do not fit the sentence. */
export interface Rule {
  readonly text: string;
  readonly list?: readonly string[];
  /** True if a new room has this rule; pages fold these away. */
  readonly standard?: boolean;
}

/** The rules of a room, most important first. */
export function rulesOf(
  terms: CharterTerms & { readonly founders: readonly string[]; readonly quorum: number },
  names: Names = {},
): readonly Rule[] {
  return [
    admission(terms, names),
    terms.invites === "members"
      ? { text: "Every member can make invites.", standard: true }
      : { text: "Only owners can make invites." },
    models(terms, names),
    limits(terms.limits),
    ...people(terms),
    terms.contribution === "expected"
      ? { text: "Only members who share a device get answers." }
      : { text: "Sharing your device is optional.", standard: true },
    ...(terms.endpoints
      ? [{ text: "Members may also answer with services outside the room, which then see the chat." }]
      : []),
    ...(terms.federation ? [{ text: "Spare capacity may be offered to other rooms." }] : []),
    logs(terms.logs),
    changes(terms.founders.length, terms.quorum),
  ];
}

/** The rules, with those first that a new room does not have, their number, and a heading that says it. */
export function comparedRules(...room: Parameters<typeof rulesOf>): {
  readonly heading: string;
  readonly special: number;
  readonly rules: readonly Rule[];
} {
  const rules = rulesOf(...room);
  const own = rules.filter(({ standard }) => !standard);
  const heading =
    own.length === 0 ? "Standard rules" : `${count(own.length, "rule differs", "rules differ")} from the standard`;
  return { heading, special: own.length, rules: [...own, ...rules.filter(({ standard }) => standard)] };
}

/** The purpose of the room; empty if its founders gave none. */
export function purposeOf({ purpose }: Pick<CharterTerms, "purpose">): string {
  return plainLines(purpose);
}

function admission({ admission: kind }: CharterTerms, { did = String }: Names): Rule {
  switch (kind.kind) {
    case "invite":
      return { text: "Anyone with an invite can join.", standard: true };
    case "approval":
      return { text: "Anyone with an invite can ask to join; a member decides." };
    case "listed":
      return {
        text: `Only ${count(kind.dids.length, "listed person or device", "listed people or devices")} can join.`,
        list: kind.dids.map(did),
      };
    case "houses":
      return {
        text: `Only devices of ${count(kind.houses.length, "listed profile", "listed profiles")} can join.`,
        list: kind.houses.map(did),
      };
  }
}

function models({ models: allowed }: CharterTerms, { model = String }: Names): Rule {
  if (allowed === "any") return { text: "Any model may answer.", standard: true };
  const names = allowed.map((id) => plain(model(id)));
  if (names.length === 0) return { text: "No model may answer." };
  if (names.length <= 3) return { text: `Only ${and(names)} may answer.` };
  return { text: `Only these ${names.length} models may answer.`, list: names };
}

function limits({ jobsAtOnce, tokensPerAnswer, answersPerHour }: CharterTerms["limits"]): Rule {
  const parts = [
    jobsAtOnce === undefined ? "" : `${count(jobsAtOnce, "answer", "answers")} at the same time`,
    answersPerHour === undefined ? "" : `${count(answersPerHour, "answer", "answers")} per hour`,
    tokensPerAnswer === undefined ? "" : `${count(tokensPerAnswer, "token", "tokens")} in each answer`,
  ].filter(Boolean);
  return parts.length === 0
    ? { text: "There are no limits on answers.", standard: true }
    : { text: `Each member gets at most ${and(parts)}.` };
}

/** Where the rules name those who can join, nobody brings in anybody. */
function people({ admission: { kind }, limits: { people: most } }: CharterTerms): readonly Rule[] {
  if (kind === "listed" || kind === "houses") return [];
  if (most === undefined) return [{ text: "Members can bring in any number of people." }];
  const text = `Each member can bring in ${count(most, "person", "people")}, those included whom these bring in.`;
  return [most === STANDARD_PEOPLE ? { text, standard: true } : { text }];
}

function logs(text: string): Rule {
  const said = plain(text);
  return said === ""
    ? { text: "According to the owner, nothing is logged.", standard: true }
    : { text: `According to the owner, this is logged: ${said}` };
}

function changes(founders: number, quorum: number): Rule {
  if (founders === 1) return { text: "Its owner can change these rules and remove members.", standard: true };
  const agreement = quorum === founders ? "all of them must agree" : `${quorum} of ${founders} must agree`;
  return { text: `Its owners can change these rules and remove members; ${agreement}.` };
}

function count(amount: number, one: string, many: string): string {
  return `${amount.toLocaleString("en")} ${amount === 1 ? one : many}`;
}

function and(parts: readonly string[]): string {
  const last = parts.at(-1) ?? "";
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(", ")} and ${last}`;
}
