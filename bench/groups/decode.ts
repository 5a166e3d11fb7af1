/** How much of the bare engine's decode rate reaches a page: through `Grid`, from another tab, and in the chat. */
import { ChatPage } from "../../e2e/pages";
import {
  QUESTION,
  type Timed,
  bareAnswer,
  decodeRate,
  endless,
  engineWorker,
  greedy,
  interceptChat,
  timedAnswer,
} from "../answers";
import { twentyFields } from "../form";
import type { Group } from "../group";
import { withGuide } from "../guide";
import type { Line, Target } from "../line";
import { pairedRatio, spread } from "../statistics";
import { inTurns } from "../turns";

const ROUNDS = 15;

const BARE_NOTE =
  "The bare engine is the same loaded model in the same worker of the same page, with its tokens read inside that worker.";

/** The shortest answer under the schema has 204 of the guide's tokens. */
const LONG_TOKENS = 300;

interface Way {
  readonly name: string;
  ask(): Promise<Timed>;
  /** The other side, if it is not the bare engine's answer to the same question. */
  other?(): Promise<Timed>;
  readonly target?: Target;
}

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
  const bare = () => bareAnswer(worker, request.generation);
  const long = endless(QUESTION, LONG_TOKENS);
  const ways: readonly Way[] = [
    {
      name: "decode through Grid",
      ask: () => timedAnswer(page, request),
      target: { of: "ratio", at: "least", value: 0.97 },
    },
    { name: "decode through Grid in a second tab", ask: () => timedAnswer(attached.page, request) },
    { name: "decode in the chat, as it is shown", ask: () => inChat(chat) },
    {
      name: "decode under a schema with 20 fields",
      ask: () => bareAnswer(worker, { ...long, format: twentyFields() }),
      other: () => bareAnswer(worker, long),
      target: { of: "ratio", at: "least", value: 0.9 },
    },
  ];
  const lines: Line[] = [];
  for (const { name, ask, other = bare, target } of ways) {
    const { a, b } = await inTurns(times(ROUNDS), ask, other);
    const [rates, bareRates] = [a.map(decodeRate), b.map(decodeRate)];
    lines.push({
      name,
      unit: "tokens/s",
      measured: spread(rates),
      other: { name: "bare engine, same worker", unit: "tokens/s", value: spread(bareRates) },
      ratio: pairedRatio(rates, bareRates),
      ...(target && { target }),
      notes: [BARE_NOTE],
    });
  }
  await stage.dismiss(site);
  return lines;
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
  const timed = await page.evaluate(() => window.timed!.done);
  // The chat's remaining drawing and storing must not slow down the next turn.
  await page.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve)));
  return timed;
}
