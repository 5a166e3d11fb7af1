import { describe, expect, test } from "vitest";
import type { CharterState } from "../../grid";
import { type CharterDraft, NEW_CHARTER, changesOf, draftOf, readDraft } from "./draft";

const DID = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
const OTHER = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH";

const read = (change: Partial<CharterDraft>) => readDraft({ ...NEW_CHARTER, name: "Attic", ...change });
const errors = (change: Partial<CharterDraft>) => {
  const result = read(change);
  return result.ok ? {} : result.errors;
};
const terms = (change: Partial<CharterDraft>) => {
  const result = read(change);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.charter;
};

describe("readDraft", () => {
  test("accepts a name alone, with no limits and no servers of its own", () => {
    const { terms: plain, founders, quorum } = terms({});
    expect(plain).toEqual({
      name: "Attic",
      purpose: "",
      admission: { kind: "invite" },
      invites: "members",
      models: "any",
      limits: { jobsAtOnce: undefined, tokensPerAnswer: undefined, answersPerHour: undefined, people: 32 },
      contribution: "welcome",
      endpoints: false,
      federation: false,
      logs: "",
    });
    expect([founders, quorum]).toEqual([[], 1]);
  });

  test("requires a name", () => {
    expect(errors({ name: "   " })).toEqual({ name: "Give the room a name." });
  });

  test("reads lists line by line, without duplicates, and names lines that are not a DID", () => {
    expect(terms({ admission: "listed", listed: `${DID}\n\n ${DID} , ${OTHER}` }).terms.admission).toEqual({
      kind: "listed",
      dids: [DID, OTHER],
    });
    expect(errors({ admission: "houses", houses: "Ada" }).houses).toContain("“Ada”: not a valid ID");
    expect(errors({ admission: "houses", houses: "" }).houses).toContain("at least one profile");
    // Fields that belong to another choice are not checked.
    expect(errors({ admission: "invite", houses: "Ada" })).toEqual({});
  });

  test("accepts whole numbers from 1 up as limits", () => {
    expect(terms({ jobsAtOnce: " 2 " }).terms.limits.jobsAtOnce).toBe(2);
    for (const wrong of ["0", "-1", "1.5", "many", "1e3", "10000001"]) {
      expect(Object.keys(errors({ answersPerHour: wrong }))).toEqual(["answersPerHour"]);
    }
  });

  test("takes an empty number of people for the standard, or for no limit in a room that has none", () => {
    expect(terms({}).terms.limits.people).toBe(32);
    expect(terms({ people: " 5 " }).terms.limits.people).toBe(5);
    expect(terms({ standardPeople: undefined }).terms.limits.people).toBeUndefined();
    expect(errors({ people: "5000" }).people).toContain("from 1 to 2048, or leave it empty for 32");
    const { terms: five } = terms({ people: "5" });
    const room = { ...five, servers: ["https://a.example/"], version: 1, hash: "", founders: [DID], quorum: 1 };
    const shown = (people: number | undefined) => draftOf({ ...room, limits: { ...room.limits, people } });
    expect([shown(5).people, shown(32).people, shown(undefined).people]).toEqual(["5", "", ""]);
    expect([shown(5).standardPeople, shown(undefined).standardPeople]).toEqual([32, undefined]);
  });

  test("requires a number of signatures that the founders can reach", () => {
    expect(terms({ founders: OTHER, quorum: "2" }).quorum).toBe(2);
    expect(errors({ founders: OTHER, quorum: "3" }).quorum).toContain("from 1 to 2");
    expect(errors({ quorum: "2" }).quorum).toContain("one owner");
  });

  test("requires the addresses of servers if the charter has its own", () => {
    expect(terms({ servers: "http://a.example/\nhttps://b.example/x" }).terms.servers).toHaveLength(2);
    expect(errors({ servers: "wss://a.example/" }).servers).toContain("not a server address");
    expect(errors({ servers: "javascript:alert(1)" }).servers).toContain("not a server address");
    expect(errors({ servers: "" }).servers).toContain("at least one server");
  });

  test("requires a model if the choice of models is limited", () => {
    expect(errors({ models: [] }).models).toBe("Choose at least one model.");
  });
});

test("leaves a charter unchanged, and sends only changed fields", () => {
  const charter: CharterState = {
    ...terms({ admission: "listed", listed: DID, tokensPerAnswer: "512", logs: "nothing" }).terms,
    servers: ["https://signal.example.org/"],
    version: 3,
    hash: "00",
    founders: [DID],
    quorum: 1,
  };
  const same = readDraft(draftOf(charter));
  if (!same.ok) throw new Error(JSON.stringify(same.errors));
  expect(changesOf(charter, same.charter.terms)).toEqual({});
  const other = readDraft({ ...draftOf(charter), purpose: "Homework", tokensPerAnswer: "" });
  if (!other.ok) throw new Error(JSON.stringify(other.errors));
  expect(changesOf(charter, other.charter.terms)).toEqual({
    purpose: "Homework",
    limits: { jobsAtOnce: undefined, tokensPerAnswer: undefined, answersPerHour: undefined, people: 32 },
  });
});
