import { describe, expect, test } from "vitest";
import type { CharterState } from "../../grid";
import { openCharter } from "../testing/room-fixtures";
import { comparedRules, purposeOf, rulesOf } from "./rules";

const charter: CharterState = { ...openCharter, name: "Kitchen table", founders: ["did:key:a"] };

const texts = (change: Partial<CharterState>): string[] => rulesOf({ ...charter, ...change }).map(({ text }) => text);

describe("rulesOf", () => {
  test("explains each default in a sentence", () => {
    expect(texts({})).toEqual([
      "Anyone with an invite can join.",
      "Every member can make invites.",
      "Any model may answer.",
      "There are no limits on answers.",
      "Each member can bring in 32 people, those included whom these bring in.",
      "Sharing your device is optional.",
      "According to the owner, nothing is logged.",
      "Its owner can change these rules and remove members.",
    ]);
  });

  test("says how many rules a new room would not have, and puts them first", () => {
    const compared = (change: Partial<CharterState>) => comparedRules({ ...charter, ...change });
    expect(compared({}).heading).toBe("Standard rules");
    expect(compared({ invites: "founders" }).heading).toBe("1 rule differs from the standard");
    const own = compared({ invites: "founders", contribution: "expected", endpoints: true, logs: "Times" });
    expect(own.heading).toBe("4 rules differ from the standard");
    expect(own.rules.map(({ standard = false }) => standard)).toEqual([
      false,
      false,
      false,
      false,
      true,
      true,
      true,
      true,
      true,
    ]);
  });

  test("names the people who can join", () => {
    const [first] = rulesOf(
      { ...charter, admission: { kind: "houses", houses: ["did:key:b", "did:key:c"] } },
      { did: (did) => did.slice(-1) },
    );
    expect(first).toEqual({ text: "Only devices of 2 listed profiles can join.", list: ["b", "c"] });
    expect(texts({ admission: { kind: "listed", dids: ["did:key:b"] } })).toContain(
      "Only 1 listed person or device can join.",
    );
    expect(texts({ admission: { kind: "approval" } })).toContain(
      "Anyone with an invite can ask to join; a member decides.",
    );
  });

  test("combines limits in one sentence", () => {
    const limits = { jobsAtOnce: 1, tokensPerAnswer: 2048, answersPerHour: 30 };
    expect(texts({ limits })).toContain(
      "Each member gets at most 1 answer at the same time, 30 answers per hour and 2,048 tokens in each answer.",
    );
    expect(texts({ limits: { ...limits, tokensPerAnswer: undefined, answersPerHour: undefined } })).toContain(
      "Each member gets at most 1 answer at the same time.",
    );
  });

  test("say how many people a member can bring in, where members do", () => {
    const limits = { ...charter.limits, people: 1 };
    const compared = (change: Partial<CharterState>) => comparedRules({ ...charter, ...change });
    expect(compared({ limits }).rules[0]?.text).toBe(
      "Each member can bring in 1 person, those included whom these bring in.",
    );
    expect(compared({ limits: {} }).rules[0]?.text).toBe("Members can bring in any number of people.");
    expect(texts({ limits, admission: { kind: "listed", dids: [] } }).join()).not.toContain("bring in");
  });

  test("calls models by name, and lists many", () => {
    const many = ["a", "b", "c", "d"];
    const [, , few] = rulesOf({ ...charter, models: ["a", "b"] }, { model: (id) => `Model ${id}` });
    expect(few).toEqual({ text: "Only Model a and Model b may answer." });
    expect(rulesOf({ ...charter, models: many })[2]).toEqual({ text: "Only these 4 models may answer.", list: many });
    expect(texts({ models: [] })).toContain("No model may answer.");
  });

  test("states how many owners must agree", () => {
    expect(texts({ founders: ["a", "b", "c"], quorum: 2 }).at(-1)).toContain("2 of 3 must agree");
    expect(texts({ founders: ["a", "b"], quorum: 2 }).at(-1)).toContain("all of them must agree");
  });

  test("shows the owner’s text without invisible characters", () => {
    expect(texts({ logs: "names\u202E\nonly" })).toContain("According to the owner, this is logged: names only");
    expect(purposeOf({ purpose: "Homework\u0000\n\n\n\nhelp" })).toBe("Homework\n\nhelp");
  });
});
