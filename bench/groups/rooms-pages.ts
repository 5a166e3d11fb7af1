/** Measures rooms of real pages without engines: the time to join, the traffic of an idle room, and a room of 40 pages. */
import type { Page } from "@playwright/test";
import type { RoomPage } from "../../e2e/room-page/main";
import { BarePages } from "../bare-pages";
import type { Group } from "../group";
import type { Line } from "../line";
import { spread } from "../statistics";

const ROUNDS = 9;
const SMALL = 8;
const FULL = 32;
const LARGE = 40;
const OBSERVE_S = 30;
const LIMIT_MS = 300_000;

declare global {
  interface Window {
    room: RoomPage;
  }
}

const SHARED =
  "All pages are browser contexts of one machine and share its cores. Each runs the room code over real WebRTC and the real " +
  "signaling server, and no engine.";
const CONTROL = "Bytes that the page hands to its data channels; what WebRTC adds is not counted.";

export const roomsPages: Group = async ({ stage, times, say }) => {
  const visitors = await BarePages.serve(stage, "room-page", "room");
  const open = async (): Promise<Page> => (await visitors.open()).page;
  try {
    const founder = await open();
    const invite = await founder.evaluate((server) => window.room.found(server), stage.signalingUrl);
    const pages = [founder];
    const come = async (nodes: number): Promise<Page> => {
      const page = await open();
      await page.evaluate(([link, count]) => window.room.join(link, count), [invite, nodes] as const);
      return page;
    };
    while (pages.length < SMALL - 1) pages.push(await come(pages.length + 1));
    const joinMs: number[] = [];
    for (let round = -1; round < times(ROUNDS); round++) {
      const page = await open();
      const ms = await page.evaluate(([link, count]) => window.room.join(link, count), [invite, SMALL] as const);
      if (round >= 0) joinMs.push(ms);
      await page.context().close();
      await everybody(pages, (status, count) => status.known === count);
    }
    say(`a room of ${SMALL} is measured`);
    while (pages.length < FULL) pages.push(await come(pages.length + 1));
    await everybody(pages, (status) => status.links === FULL - 1);
    const before = await statuses(pages);
    await new Promise((resolve) => setTimeout(resolve, 1000 * OBSERVE_S));
    const after = await statuses(pages);
    const bytes = after.map(({ sent }, i) => (sent.bytes - before[i]!.sent.bytes) / OBSERVE_S);
    const messages = after.map(({ sent }, i) => (sent.messages - before[i]!.sent.messages) / OBSERVE_S);
    say(`a room of ${FULL} is measured`);
    while (pages.length < LARGE) pages.push(await come(pages.length + 1));
    await everybody(
      pages,
      (status, count) => status.known === count && status.peers === count - 1 && status.links <= 20,
    );
    const links = (await statuses(pages)).map((status) => status.links);
    const firstTokenMs: number[] = [];
    for (const page of pages.slice(0, times(ROUNDS))) {
      const { text, firstTokenMs: ms } = await page.evaluate(() => window.room.askDistant());
      if (text !== "abcde") throw new Error(`a distant member answered “${text}”`);
      firstTokenMs.push(ms);
    }
    const lines: Line[] = [
      {
        name: `${SMALL} pages: from opening the invite to ready`,
        unit: "ms",
        measured: spread(joinMs),
        target: { of: "median", at: "most", value: 1_500 },
        notes: [SHARED],
      },
      {
        name: `${FULL} pages, idle: sent by a page`,
        unit: "B/s",
        measured: spread(bytes),
        other: { name: "messages", unit: "1/s", value: spread(messages) },
        target: { of: "max", at: "most", value: 1_000 },
        notes: [SHARED, CONTROL],
      },
      {
        name: `${LARGE} pages, each knows all others: links of a page`,
        unit: "links",
        measured: spread(links),
        notes: [SHARED],
      },
      {
        name: `${LARGE} pages: first token of a member without a link`,
        unit: "ms",
        measured: spread(firstTokenMs),
        notes: [SHARED, "The link is made first; the answering member's stand-in for an engine answers at once."],
      },
    ];
    return lines;
  } finally {
    await visitors.close();
  }
};

type Status = ReturnType<RoomPage["status"]>;

function statuses(pages: readonly Page[]): Promise<Status[]> {
  return Promise.all(pages.map((page) => page.evaluate(() => window.room.status())));
}

/** Waits until something holds for all pages. */
async function everybody(pages: readonly Page[], holds: (status: Status, count: number) => boolean): Promise<void> {
  const end = Date.now() + LIMIT_MS;
  for (;;) {
    const all = await statuses(pages);
    if (all.every((status) => holds(status, pages.length))) return;
    if (Date.now() > end) throw new Error(`the room did not come together: ${JSON.stringify(all)}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
