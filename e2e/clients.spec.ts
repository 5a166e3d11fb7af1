/** Client libraries that people use, unmodified, against the site's own address. */
import type { Page } from "@playwright/test";
import golden from "./fixtures/golden.json" with { type: "json" };
import { expect, slowEngine, test, visitorWithModel } from "./harness";

const GREETING = golden.items[0]!;
const QUESTION = GREETING.messages[0]!.content;
const PERSON = { name: expect.any(String) as unknown, age: expect.any(Number) as unknown };
const TRIP = { city: expect.stringMatching(/^(Paris|Rome)$/) as unknown, days: expect.any(Number) as unknown };

for (const name of ["openai", "ai-sdk", "langchain"]) {
  test(`${name} chats, streams, aborts, calls tools, follows a schema and tells errors`, async ({ openSite, site }) => {
    const grid = await visitorWithModel(openSite, { siteWorker: true, prepare: slowEngine });
    const page = await grid.context.newPage();
    await page.goto(`${site.url}e2e/clients-page/index.html`);
    await page.waitForFunction(() => "clients" in window && navigator.serviceWorker.controller !== null);
    await works(page, name);
  });
}

test("all of them work by the grid's own fetch, without a worker", async ({ openSite, site }) => {
  const grid = await visitorWithModel(openSite, { prepare: slowEngine });
  const { page } = grid;
  const html = await (await page.request.get(`${site.url}e2e/clients-page/index.html`)).text();
  const url = new URL(/<script[^>]*src="([^"]+)"/.exec(html)![1]!, `${site.url}e2e/clients-page/index.html`).href;
  await page.addScriptTag({ type: "module", url });
  await page.waitForFunction(() => "clients" in window);
  await page.evaluate(() => window.useFetch(window.microgrid!.fetch));
  for (const name of ["openai", "ai-sdk", "langchain"]) await works(page, name);
});

test("openai's helpers for streams, schemas and tools work", async ({ openSite, site }) => {
  const grid = await visitorWithModel(openSite, { siteWorker: true });
  const page = await grid.context.newPage();
  await page.goto(`${site.url}e2e/clients-page/index.html`);
  await page.waitForFunction(() => "clients" in window && navigator.serviceWorker.controller !== null);
  const found = await page.evaluate((question) => window.openaiHelpers(question), QUESTION);
  const { completion } = GREETING;
  expect(found.texts).toEqual([completion, completion, completion]);
  expect(found.person).toEqual(PERSON);
  expect(found.runs[0]).toEqual(TRIP);
  expect(found.called).toMatchObject({ reason: "tool_calls", said: null, calls: [TRIP] });
  // The guide may call the tool or answer in the form, but nothing else.
  const { reason, said, calls } = found.either;
  if (reason === "tool_calls") expect([said, calls[0]]).toEqual([null, TRIP]);
  else expect({ reason, said, calls }).toEqual({ reason: "stop", said: PERSON, calls: [] });
  expect(found.models).toContain("guide");
  expect(found.requestId).toMatch(/^req_/);
});

/** All checks of one library. */
async function works(page: Page, name: string): Promise<void> {
  await chats(page, name);
  await streams(page, name);
  await aborts(page, name);
  await callsTools(page, name);
  await followsSchema(page, name);
  const wrong = (model: string, temperature: number) =>
    page.evaluate(([client, request]) => window.clients[client]!.wrong(request), [
      name,
      { model, temperature },
    ] as const);
  const refused = await wrong("guide", 9);
  expect(refused.status).toBe(400);
  expect(refused.message).toContain("“temperature” cannot be used.");
  const absent = await wrong("absent", 1);
  expect(absent.status).toBe(404);
  expect(absent.message).toContain("There is no model “absent” here.");
}

/** Two at once, of which one ends early. */
async function chats(page: Page, name: string): Promise<void> {
  const answers = await page.evaluate(
    ([client, question]) => {
      const { chat } = window.clients[client]!;
      return Promise.all([chat(question), chat(question, { maxTokens: 3 })]);
    },
    [name, QUESTION] as const,
  );
  expect(answers[0]).toBe(GREETING.completion);
  expect(answers[1]).not.toBe("");
  expect(GREETING.completion.startsWith(answers[1])).toBe(true);
  expect(answers[1].length).toBeLessThan(GREETING.completion.length);
}

async function streams(page: Page, name: string): Promise<void> {
  const pieces = await page.evaluate(
    async ([client, question]) => {
      const all: string[] = [];
      for await (const piece of window.clients[client]!.stream(question)) all.push(piece);
      return all;
    },
    [name, QUESTION] as const,
  );
  expect(pieces.join("")).toBe(GREETING.completion);
  expect(pieces.filter((piece) => piece !== "").length).toBeGreaterThan(3);
}

async function aborts(page: Page, name: string): Promise<void> {
  const { length, next } = await page.evaluate(
    async ([client, question]) => {
      const { chat, stream } = window.clients[client]!;
      const abort = new AbortController();
      let text = "";
      try {
        for await (const piece of stream(question, { signal: abort.signal, endless: true })) {
          text += piece;
          if (text.length > 20) abort.abort();
        }
      } catch {
        // Some libraries throw at an abort, and some only end the stream.
      }
      return { length: text.length, next: await chat(question) };
    },
    [name, QUESTION] as const,
  );
  // Without an abort, 800 tokens come.
  expect(length).toBeGreaterThan(20);
  expect(length).toBeLessThan(1_000);
  expect(next).toBe(GREETING.completion);
}

async function callsTools(page: Page, name: string): Promise<void> {
  const { called, answer } = await page.evaluate(([client, question]) => window.clients[client]!.tools(question), [
    name,
    "How is the weather in Paris?",
  ] as const);
  expect(called.length).toBeGreaterThan(0);
  for (const call of called) {
    expect(call).toEqual({ name: "weather", input: TRIP });
  }
  expect(answer).not.toBe("");
}

async function followsSchema(page: Page, name: string): Promise<void> {
  const person = await page.evaluate(([client, question]) => window.clients[client]!.person(question), [
    name,
    "Who are you?",
  ] as const);
  expect(person).toEqual(PERSON);
}
