import { expect, test } from "vitest";
import type { CharterState, RoomState } from "../../grid";
import { openCharter } from "../testing/room-fixtures";
import { RulesWatch } from "./rules-watch";

const charter: CharterState = { ...openCharter, founders: ["did:key:a"] };

const room = (change: Partial<CharterState>, id = "r"): RoomState =>
  ({ id, charter: { ...charter, ...change } }) as unknown as RoomState;

function watching(...rooms: readonly (RoomState | undefined)[]): { watch: RulesWatch; texts: () => string[] } {
  const watch = new RulesWatch();
  for (const each of rooms) watch.look(each);
  return { watch, texts: () => watch.notice((id) => id.toUpperCase()).map(({ text }) => text) };
}

test("changes since the last reading are reported until they are read", () => {
  const { watch, texts } = watching(room({}));
  expect(texts()).toEqual([]);
  watch.look(room({ models: ["guide"], purpose: "Exams" }));
  expect(texts()).toEqual(["The rules of “Attic” have changed. Purpose: “Exams” Only GUIDE may answer."]);
  watch.look(room({ models: ["guide"], invites: "founders" }));
  expect(texts()).toEqual(["The rules of “Attic” have changed. Only owners can make invites. Only GUIDE may answer."]);
  watch.read();
  expect(texts()).toEqual([]);
});

test("a change of a list's members is reported with the new list", () => {
  const listed = (did: string) => room({ admission: { kind: "listed", dids: [did] } });
  expect(watching(listed("did:key:a"), listed("did:key:b")).texts()).toHaveLength(1);
});

test("a long text is referred to under “Rules”", () => {
  expect(watching(room({}), room({ purpose: "x".repeat(301) })).texts()).toEqual([
    "The rules of “Attic” have changed. Read them under “Rules”.",
  ]);
});

test("restored rules and rules of another room are not reported", () => {
  expect(watching(room({}), room({ models: [] }), room({})).texts()).toEqual([]);
  expect(watching(room({}), room({ models: [] }, "other")).texts()).toEqual([]);
  expect(watching(room({}), undefined, room({ models: [] })).texts()).toEqual([]);
});
