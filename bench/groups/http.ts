/** Compares OpenAI's HTTP API, through the site's Service Worker, with the same request to the page's grid. */
import { type Timed, QUESTION, decodeRate, firstTokenMs } from "../answers";
import type { Group } from "../group";
import { pairedDifference, pairedRatio, spread } from "../statistics";
import { inTurns } from "../turns";
import { type UnrecordedPage, openUnrecorded } from "../unrecorded-page";

const ROUNDS = 15;
const BODY = {
  model: "guide",
  messages: [{ role: "user" as const, content: QUESTION }],
  temperature: 0,
  max_tokens: 200,
  stream: true as const,
};

export const http: Group = async ({ stage, times }) => {
  const { browser, process } = await stage.ownBrowser();
  try {
    const page = await openUnrecorded(browser, stage.site.url);
    await ready(page);
    const { a: over, b: direct } = await inTurns(
      times(ROUNDS),
      () => throughHttp(page),
      () => throughGrid(page),
    );
    const [rates, directRates] = [over.map(decodeRate), direct.map(decodeRate)];
    return [
      {
        name: "decode through /v1/chat/completions",
        unit: "characters/s",
        measured: spread(rates),
        other: { name: "through grid.chat.completions", unit: "characters/s", value: spread(directRates) },
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
  } finally {
    await browser.close();
    await process.close();
  }
};

/** Waits until the page has loaded the guide by itself, and its requests go through the Service Worker. */
async function ready(page: UnrecordedPage): Promise<void> {
  const backend = await page.evaluate(async () => {
    for (;;) {
      const load = window.microgrid?.state.loads.guide;
      if (load?.kind === "ready" && navigator.serviceWorker.controller) return load.offer.backend;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }, undefined);
  if (backend !== "wasm") throw new Error(`The guide runs on ${backend} where wasm was expected.`);
}

/** A streamed completion of the page's grid. */
function throughGrid(page: UnrecordedPage): Promise<Timed> {
  return page.evaluate(async (body) => {
    const now = (): number => performance.timeOrigin + performance.now();
    const startedAt = now();
    const tokens: { at: number; count: number }[] = [];
    for await (const { choices } of await window.microgrid!.chat.completions.create(body)) {
      const count = choices[0]?.delta.content?.length ?? 0;
      if (count > 0) tokens.push({ at: now(), count });
    }
    return { startedAt, tokens, routes: [], usage: undefined };
  }, BODY);
}

/** The same over HTTP, with its events parsed as a client does it. */
function throughHttp(page: UnrecordedPage): Promise<Timed> {
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
        const count = choices[0]?.delta.content?.length ?? 0;
        if (count > 0) tokens.push({ at: now(), count });
      }
    }
    return { startedAt, tokens, routes: [], usage: undefined };
  }, BODY);
}
