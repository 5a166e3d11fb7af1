/** Compares OpenAI's HTTP API, through the site's Service Worker, with the same request to the page's grid. */
import type { Page } from "@playwright/test";
import { QUESTION, type Timed, decodeRate, firstTokenMs } from "../answers";
import type { Group } from "../group";
import { withGuide } from "../guide";
import { pairedDifference, pairedRatio, spread } from "../statistics";
import { inTurns } from "../turns";

const ROUNDS = 15;
const BODY = {
  model: "guide",
  messages: [{ role: "user" as const, content: QUESTION }],
  temperature: 0,
  max_tokens: 200,
  stream: true as const,
};

export const http: Group = async ({ stage, times }) => {
  const site = await stage.visit({ name: "http" });
  await withGuide(site);
  const { page } = site;
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  const { a: over, b: direct } = await inTurns(
    times(ROUNDS),
    () => throughHttp(page),
    () => throughGrid(page),
  );
  await stage.dismiss(site);
  const [rates, directRates] = [over.map(decodeRate), direct.map(decodeRate)];
  return [
    {
      name: "decode through /v1/chat/completions",
      unit: "chunks/s",
      measured: spread(rates),
      other: { name: "through grid.chat.completions", unit: "chunks/s", value: spread(directRates) },
      ratio: pairedRatio(rates, directRates),
      target: { of: "ratio", at: "least", value: 0.97 },
    },
    {
      name: "time to first token added by /v1",
      unit: "ms",
      measured: pairedDifference(over.map(firstTokenMs), direct.map(firstTokenMs)),
      target: { of: "median", at: "most", value: 5 },
    },
  ];
};

/** A streamed completion of the page's grid. */
function throughGrid(page: Page): Promise<Timed> {
  return page.evaluate(async (body) => {
    const now = (): number => performance.timeOrigin + performance.now();
    const startedAt = now();
    const tokens: { at: number; count: number }[] = [];
    for await (const { choices } of await window.microgrid!.chat.completions.create(body)) {
      if (choices[0]?.delta.content) tokens.push({ at: now(), count: 1 });
    }
    return { startedAt, tokens, routes: [], usage: undefined };
  }, BODY);
}

/** The same over HTTP, with its events parsed as a client does it. */
function throughHttp(page: Page): Promise<Timed> {
  return page.evaluate(async (body) => {
    const now = (): number => performance.timeOrigin + performance.now();
    const startedAt = now();
    const tokens: { at: number; count: number }[] = [];
    const reply = await fetch("/v1/chat/completions", { method: "POST", body: JSON.stringify(body) });
    const reader = reply.body!.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const events = (rest + next.value).split("\n\n");
      rest = events.pop()!;
      for (const event of events) {
        if (event === "data: [DONE]") continue;
        const { choices } = JSON.parse(event.slice("data: ".length)) as {
          choices: { delta: { content?: string } }[];
        };
        if (choices[0]?.delta.content) tokens.push({ at: now(), count: 1 });
      }
    }
    return { startedAt, tokens, routes: [], usage: undefined };
  }, BODY);
}
