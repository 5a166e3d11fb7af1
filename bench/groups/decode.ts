/** How much of the bare engine's decode rate reaches a page: through `Grid`, from another tab, and in the chat. */
import { ChatPage } from "../../e2e/pages";
import {
  QUESTION,
  type Timed,
  bareAnswer,
  decodeRate,
  engineWorker,
  greedy,
  interceptChat,
  timedAnswer,
} from "../answers";
import type { Group } from "../group";
import { withGuide } from "../guide";
import { pairedRatio, spread } from "../statistics";

const ROUNDS = 15;

const BARE_NOTE =
  "The bare engine is the same loaded model in the same worker of the same page, with its tokens read inside that worker.";

export const decode: Group = async ({ stage, times }) => {
  const site = await stage.visit({ name: "decode" });
  await withGuide(site);
  const { page } = site;
  const attached = await site.openTab();
  await attached.page.waitForFunction(() => window.microgrid?.state.role === "attached");
  await interceptChat(page, greedy(QUESTION));
  const chat = new ChatPage(page);
  const worker = engineWorker(page);
  const request = { generation: greedy(QUESTION), provider: "local" };
  const ways = {
    bare: () => bareAnswer(worker, request.generation),
    grid: () => timedAnswer(page, request),
    tab: () => timedAnswer(attached.page, request),
    chat: () => inChat(chat),
  };
  const rates: Record<keyof typeof ways, number[]> = { bare: [], grid: [], tab: [], chat: [] };
  for (let round = -1; round < times(ROUNDS); round++) {
    for (const way of ["bare", "grid", "tab", "chat"] as const) {
      const answer = await ways[way]();
      // The first of each compiles and fills caches.
      if (round >= 0) rates[way].push(decodeRate(answer));
    }
  }
  await stage.dismiss(site);
  const line = (name: string, way: keyof typeof ways, notes: readonly string[]) => ({
    name,
    unit: "tokens/s" as const,
    measured: spread(rates[way]),
    other: { name: "bare engine, same worker", unit: "tokens/s" as const, value: spread(rates.bare) },
    ratio: pairedRatio(rates[way], rates.bare),
    notes,
  });
  return [
    { ...line("decode through Grid", "grid", [BARE_NOTE]), target: { of: "ratio", at: "least", value: 0.97 } },
    line("decode through Grid in a second tab", "tab", [BARE_NOTE]),
    line("decode in the chat, as it is shown", "chat", [BARE_NOTE]),
  ];
};

/** Asks as a person does, in a new conversation. */
async function inChat(chat: ChatPage): Promise<Timed> {
  const { page } = chat;
  await page.bringToFront();
  await chat.conversations.newChat.click();
  await page.evaluate(() => {
    delete window.timed;
  });
  await chat.message.fill(QUESTION);
  await chat.message.press("Enter");
  await page.waitForFunction(() => window.timed !== undefined);
  return page.evaluate(() => window.timed!.done);
}
