/** Reads and checks the form of a charter. */
import { isDid } from "../../core";
import {
  type AdmissionRule,
  type CharterState,
  type CharterTerms,
  MAX_CHARTER_LIST,
  MAX_CHARTER_TEXT_CHARS,
  MAX_FOUNDERS,
  MAX_NAME_CHARS,
  MAX_PEOPLE,
  MAX_SERVERS,
  STANDARD_PEOPLE,
} from "../../grid";
import { serverProblem } from "../addresses";

/** A larger number would not limit anything. */
const MAX_LIMIT = 1_000_000;

/** The fields of the form, as typed. */
export interface CharterDraft {
  readonly name: string;
  readonly purpose: string;
  readonly admission: AdmissionRule["kind"];
  /** DIDs that may join, one per line. */
  readonly listed: string;
  /** DIDs of houses, one per line. */
  readonly houses: string;
  readonly invites: CharterTerms["invites"];
  /** URLs, one per line; undefined to use those of the node's settings. */
  readonly servers: string | undefined;
  readonly models: CharterTerms["models"];
  readonly jobsAtOnce: string;
  readonly tokensPerAnswer: string;
  readonly answersPerHour: string;
  readonly people: string;
  /** The number that an empty `people` stands for; undefined for no limit, as in rooms of earlier versions. */
  readonly standardPeople: number | undefined;
  readonly contribution: CharterTerms["contribution"];
  readonly endpoints: boolean;
  readonly federation: boolean;
  readonly logs: string;
  /** DIDs of further founders, one per line; undefined if the founders are already fixed. */
  readonly founders: string | undefined;
  readonly quorum: string;
}

/** The error of each field, as a sentence. */
export type DraftErrors = Partial<Record<keyof CharterDraft, string>>;

/** The charter that a valid draft describes. */
export interface DraftedCharter {
  readonly terms: Omit<CharterTerms, "servers"> & Partial<Pick<CharterTerms, "servers">>;
  readonly founders: readonly string[];
  readonly quorum: number;
}

/** The draft of a new room. */
export const NEW_CHARTER: CharterDraft = {
  name: "",
  purpose: "",
  admission: "invite",
  listed: "",
  houses: "",
  invites: "members",
  servers: undefined,
  models: "any",
  jobsAtOnce: "",
  tokensPerAnswer: "",
  answersPerHour: "",
  people: "",
  standardPeople: STANDARD_PEOPLE,
  contribution: "welcome",
  endpoints: false,
  federation: false,
  logs: "",
  founders: "",
  quorum: "1",
};

/** The draft for editing a charter, filled in with its current rules. */
export function draftOf(charter: CharterState): CharterDraft {
  const { admission, limits } = charter;
  return {
    name: charter.name,
    purpose: charter.purpose,
    admission: admission.kind,
    listed: admission.kind === "listed" ? admission.dids.join("\n") : "",
    houses: admission.kind === "houses" ? admission.houses.join("\n") : "",
    invites: charter.invites,
    servers: charter.servers.join("\n"),
    models: charter.models,
    jobsAtOnce: digits(limits.jobsAtOnce),
    tokensPerAnswer: digits(limits.tokensPerAnswer),
    answersPerHour: digits(limits.answersPerHour),
    people: limits.people === STANDARD_PEOPLE ? "" : digits(limits.people),
    standardPeople: limits.people && STANDARD_PEOPLE,
    contribution: charter.contribution,
    endpoints: charter.endpoints,
    federation: charter.federation,
    logs: charter.logs,
    founders: undefined,
    quorum: String(charter.quorum),
  };
}

/** Reads a draft. If any field is wrong, returns a sentence for each such field that says how to fix it. */
export function readDraft(
  draft: CharterDraft,
): { readonly ok: true; readonly charter: DraftedCharter } | { readonly ok: false; readonly errors: DraftErrors } {
  const errors: DraftErrors = {};
  const list = (field: "listed" | "houses" | "founders" | "servers", check: (line: string) => string): string[] => {
    const lines = linesOf(draft[field] ?? "");
    const wrong = lines.find((line) => check(line) !== "");
    if (wrong !== undefined) errors[field] = `“${brief(wrong)}”: ${check(wrong)}`;
    const most = field === "servers" ? MAX_SERVERS : field === "founders" ? MAX_FOUNDERS - 1 : MAX_CHARTER_LIST;
    if (wrong === undefined && lines.length > most) errors[field] = `At most ${most} lines.`;
    return lines;
  };
  const number = (field: "jobsAtOnce" | "tokensPerAnswer" | "answersPerHour"): number | undefined => {
    const text = draft[field].trim();
    if (text === "") return undefined;
    if (!isCount(text)) errors[field] = "Enter a whole number of 1 or more, or leave it empty for no limit.";
    return Number(text);
  };
  const people = (): number | undefined => {
    const text = draft.people.trim();
    if (text === "") return draft.standardPeople;
    if (!isCount(text, MAX_PEOPLE)) {
      const otherwise = draft.standardPeople === undefined ? "no limit" : String(draft.standardPeople);
      errors.people = `Enter a whole number from 1 to ${MAX_PEOPLE}, or leave it empty for ${otherwise}.`;
    }
    return Number(text);
  };

  const name = draft.name.trim();
  if (name === "") errors.name = "Give the room a name.";
  else if (name.length > MAX_NAME_CHARS) errors.name = `At most ${MAX_NAME_CHARS} characters.`;
  const listed = draft.admission === "listed" ? list("listed", checkDid) : [];
  const houses = draft.admission === "houses" ? list("houses", checkDid) : [];
  if (draft.admission === "houses" && houses.length === 0) errors.houses = "Enter the ID of at least one profile.";
  const servers = draft.servers === undefined ? undefined : list("servers", serverProblem);
  if (servers?.length === 0) errors.servers = "Enter at least one server, so that people can find the room.";
  const founders = [...new Set(list("founders", checkDid))];
  if (draft.models !== "any" && draft.models.length === 0) errors.models = "Choose at least one model.";
  if (draft.models !== "any" && draft.models.length > MAX_CHARTER_LIST)
    errors.models = `Choose at most ${MAX_CHARTER_LIST} models.`;
  const quorum = Number(draft.quorum.trim() || "1");
  // This node or its house is a founder too. In an existing room the founders, and so this number, are fixed.
  const able = draft.founders === undefined ? quorum : founders.length + 1;
  if (!Number.isInteger(quorum) || quorum < 1 || quorum > able) {
    errors.quorum =
      able === 1 ? "With one owner, this must be 1." : `Enter a number from 1 to ${able}, the number of owners.`;
  }
  const limits = {
    jobsAtOnce: number("jobsAtOnce"),
    tokensPerAnswer: number("tokensPerAnswer"),
    answersPerHour: number("answersPerHour"),
    people: people(),
  };
  if (Object.keys(errors).length > 0) return { ok: false, errors };

  const admission: AdmissionRule =
    draft.admission === "listed"
      ? { kind: "listed", dids: [...new Set(listed)] }
      : draft.admission === "houses"
        ? { kind: "houses", houses: [...new Set(houses)] }
        : { kind: draft.admission };
  return {
    ok: true,
    charter: {
      terms: {
        name,
        purpose: draft.purpose.trim().slice(0, MAX_CHARTER_TEXT_CHARS),
        admission,
        invites: draft.invites,
        ...(servers && { servers: [...new Set(servers)] }),
        models: draft.models,
        limits,
        contribution: draft.contribution,
        endpoints: draft.endpoints,
        federation: draft.federation,
        logs: draft.logs.trim().slice(0, MAX_CHARTER_TEXT_CHARS),
      },
      founders,
      quorum,
    },
  };
}

/** The parts of a charter that a draft changes. */
export function changesOf(before: CharterTerms, after: DraftedCharter["terms"]): Partial<CharterTerms> {
  const changed = Object.entries(after).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(before[key as keyof CharterTerms]),
  );
  return Object.fromEntries(changed);
}

function linesOf(text: string): string[] {
  return text
    .split(/[\s,;]+/)
    .map((line) => line.trim())
    .filter(Boolean);
}

function checkDid(text: string): string {
  return isDid(text) ? "" : "not a valid ID. People find theirs in Settings under “You”.";
}

function isCount(text: string, most = MAX_LIMIT): boolean {
  return /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= most;
}

function digits(value: number | undefined): string {
  return value === undefined ? "" : String(value);
}

function brief(text: string): string {
  return text.length <= 24 ? text : `${text.slice(0, 24)}…`;
}
