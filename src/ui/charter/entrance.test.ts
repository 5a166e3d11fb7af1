import { expect, test } from "vitest";
import type { CharterState, GridState, HouseState } from "../../grid";
import { openCharter } from "../testing/room-fixtures";
import { entranceFor } from "./entrance";

const NOW = 1_000_000;
const house: HouseState = {
  did: "did:key:house",
  name: "Ada",
  scopes: ["member"],
  notAfter: NOW + 1,
  keyHere: false,
  delegations: [],
};
const alone: GridState["node"] = { did: "did:key:me", name: "Me", house: undefined };
const charter = (change: Partial<CharterState>): CharterState => ({ ...openCharter, ...change });
const kind = (terms: Partial<CharterState>, node = alone): string => entranceFor(charter(terms), node, NOW).kind;

test("an invite is enough if the charter says so, and needs a member's approval if it says that", () => {
  expect(kind({})).toBe("open");
  expect(kind({ admission: { kind: "approval" } })).toBe("ask");
});

test("a list lets in the node itself, or its house", () => {
  expect(kind({ admission: { kind: "listed", dids: ["did:key:me"] } })).toBe("open");
  expect(kind({ admission: { kind: "listed", dids: ["did:key:house"] } })).toBe("closed");
  expect(kind({ admission: { kind: "listed", dids: ["did:key:house"] } }, { ...alone, house })).toBe("open");
  const owner = { ...alone, house: { ...house, scopes: ["founder"] as const } };
  expect(kind({ admission: { kind: "listed", dids: ["did:key:house"] } }, owner)).toBe("closed");
});

test("houses let in nodes for which they vouch as members, until they no longer do", () => {
  const admission = { kind: "houses", houses: ["did:key:house"] } as const;
  expect(kind({ admission })).toBe("closed");
  expect(kind({ admission }, { ...alone, house })).toBe("open");
  expect(kind({ admission }, { ...alone, house: { ...house, notAfter: NOW } })).toBe("closed");
  expect(kind({ admission }, { ...alone, house: { ...house, scopes: ["founder"] } })).toBe("closed");
  expect(kind({ admission }, { ...alone, house: { ...house, did: "did:key:other" } })).toBe("closed");
});

test("a founder may enter whatever the charter says, by itself or for its house", () => {
  const admission = { kind: "listed", dids: [] } as const;
  expect(kind({ admission, founders: ["did:key:me"] })).toBe("open");
  expect(kind({ admission, founders: ["did:key:house"] }, { ...alone, house })).toBe("closed");
  expect(kind({ admission, founders: ["did:key:house"] }, { ...alone, house: { ...house, scopes: ["founder"] } })).toBe(
    "open",
  );
});
