import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DOOR_FRAMES } from "./door/protocol";
import { ROOM_FRAMES } from "./protocol";
import { TOLD_TO_GUESTS, TOLD_TO_MEMBERS } from "./told";

const document = readFileSync("docs/security.md", "utf8");

test.each([
  ["members", TOLD_TO_MEMBERS, ROOM_FRAMES.heartbeat.schema.entries],
  ["guests", TOLD_TO_GUESTS, DOOR_FRAMES["guest.welcome"].schema.entries.inside.pipe[0].item.entries],
])("%s are told exactly what the list says, and the document says it too", (_, told, fields) => {
  expect(Object.keys(told).sort()).toEqual(Object.keys(fields).sort());
  for (const fact of Object.values(told)) expect(document).toContain(fact);
});

test("a knock tells nothing that members do not learn anyway", () => {
  const { entries } = DOOR_FRAMES["guest.knock"].schema;
  expect(Object.keys({ ...TOLD_TO_MEMBERS, ...TOLD_TO_GUESTS })).toEqual(expect.arrayContaining(Object.keys(entries)));
});
