/** OpenAI's HTTP API on the site's own origin, through the site's Service Worker. */
import golden from "./fixtures/golden.json" with { type: "json" };
import { controlledSite, expect, loadModel, post, slowEngine, test } from "./harness";

const GREETING = golden.items[0]!;
const ASK = { model: "guide", messages: [{ role: "user" as const, content: GREETING.messages[0]!.content }] };
/** The tokens that end answers are forbidden, so that only the limit ends one. */
const ENDLESS = { logit_bias: { "0": -100, "1": -100, "2": -100 } };
const STORY = {
  ...ASK,
  ...ENDLESS,
  messages: [{ role: "user" as const, content: "Tell me a story about a robot" }],
  max_tokens: 1_500,
};

test("the page's own address answers as a server would: models, answers, streams and errors", async ({ openSite }) => {
  const site = await controlledSite(openSite, { expectProblems: ["status of 400"] });
  await loadModel(site);
  const models = await site.page.evaluate(async () => (await fetch("/v1/models")).json() as Promise<unknown>);
  expect(models).toMatchObject({ object: "list", data: [{ id: "guide", object: "model" }] });
  const whole = await post(site, "chat/completions", ASK);
  expect(whole).toMatchObject({ status: 200, type: "application/json" });
  expect(JSON.parse(whole.text)).toMatchObject({ choices: [{ message: { content: GREETING.completion } }] });
  const stream = await post(site, "chat/completions", { ...ASK, stream: true });
  expect(stream.type).toContain("text/event-stream");
  const deltas = [...stream.text.matchAll(/^data: (\{.*\})$/gm)].map(
    ([, json]) => (JSON.parse(json!) as { choices: { delta: { content?: string } }[] }).choices[0]?.delta.content ?? "",
  );
  expect(deltas.join("")).toBe(GREETING.completion);
  expect(stream.text.endsWith("data: [DONE]\n\n")).toBe(true);
  const raw = await post(site, "completions", {
    model: "guide",
    prompt: "Once upon a time",
    max_tokens: 8,
    ...ENDLESS,
  });
  expect(JSON.parse(raw.text)).toMatchObject({ object: "text_completion", usage: { completion_tokens: 8 } });
  const response = await post(site, "responses", { model: "guide", input: ASK.messages[0]!.content });
  expect(JSON.parse(response.text)).toMatchObject({ status: "completed", output_text: GREETING.completion });
  const refused = await post(site, "chat/completions", { ...ASK, temprature: 1 });
  expect(refused.status).toBe(400);
  expect(JSON.parse(refused.text)).toMatchObject({ error: { type: "invalid_request_error", param: "temprature" } });
});

test("an aborted request stops the model, with and without a stream", async ({ openSite }) => {
  const site = await controlledSite(openSite, { prepare: slowEngine });
  await loadModel(site);
  for (const stream of [true, false]) {
    const after = await site.page.evaluate(
      async ([story, greeting]) => {
        const abort = new AbortController();
        const asked = fetch("/v1/chat/completions", { method: "POST", body: story, signal: abort.signal });
        const reply = await asked;
        const reading = reply.text().catch((error: unknown) => (error as Error).name);
        abort.abort();
        const next = await fetch("/v1/chat/completions", { method: "POST", body: greeting });
        return [await reading, ((await next.json()) as { choices: { message: { content: string } }[] }).choices];
      },
      [JSON.stringify({ ...STORY, stream }), JSON.stringify(ASK)] as const,
    );
    expect(after).toMatchObject(["AbortError", [{ message: { content: GREETING.completion } }]]);
  }
});

test("a page's requests share one connection, until the browser stops the worker", async ({ openSite }) => {
  const site = await controlledSite(openSite);
  await loadModel(site);
  const asked = (): Promise<number> =>
    site.page.evaluate(async () => {
      let questions = 0;
      navigator.serviceWorker.addEventListener("message", ({ data }: MessageEvent<{ type?: unknown }>) => {
        if (data.type === "microgrid/hello") questions++;
      });
      const replies = [await fetch("/v1/models"), ...(await Promise.all([fetch("/v1/models"), fetch("/v1/models")]))];
      for (const reply of replies) await reply.json();
      return questions;
    });
  expect([await asked(), await asked()]).toEqual([1, 0]);
  const cdp = await site.context.newCDPSession(site.page);
  await cdp.send("ServiceWorker.enable");
  await cdp.send("ServiceWorker.stopAllWorkers");
  expect(await asked()).toBe(1);
});

test("any tab answers; without an open page, the worker says what to do", async ({ openSite, site: server }) => {
  const site = await controlledSite(openSite, { prepare: slowEngine });
  await loadModel(site);
  // A page of the same site that is not Microgrid's.
  const other = await site.context.newPage();
  await other.goto(`${server.url}theme.js`);
  const ask = (): Promise<unknown> =>
    other.evaluate(async (body) => {
      const reply = await fetch("/v1/chat/completions", { method: "POST", body });
      return [reply.status, (await reply.json()) as unknown];
    }, JSON.stringify(ASK));
  expect(await ask()).toMatchObject([200, { choices: [{ message: { content: GREETING.completion } }] }]);
  // The answering page goes away in the middle of an answer.
  const broken = other.evaluate(
    async (body) => {
      const reply = await fetch("/v1/chat/completions", { method: "POST", body });
      const reader = reply.body!.pipeThrough(new TextDecoderStream()).getReader();
      document.title = ((await reader.read()).value ?? "").slice(0, 5);
      for (let text = ""; ;) {
        const next = await reader.read();
        if (next.done) return text;
        text += next.value;
      }
    },
    JSON.stringify({ ...STORY, stream: true }),
  );
  const ended = broken.catch((error: unknown) => String(error));
  await expect.poll(() => other.title()).toBe("data:");
  await site.page.close();
  // An error as the last event, or a connection that broke.
  expect(await ended).toMatch(/data: \{"error":|TypeError|network/);
  expect(await ended).not.toContain("[DONE]");
  expect(await ask()).toMatchObject([503, { error: { code: "no_page" } }]);
});

test("other sites get nothing: neither by a script nor by a form", async ({ openSite, foreignSite, site: server }) => {
  const site = await controlledSite(openSite, { expectProblems: ["CORS policy", "status of 40", "ERR_FAILED"] });
  await loadModel(site);
  const address = `${server.url}v1/chat/completions`;
  const form = `<form method="post" enctype="text/plain" action="${address}"><input name='{"model":"guide","x":"' value='"}'></form>`;
  const foreign = await foreignSite({ "/": `<!doctype html><link rel="icon" href="data:,">${form}` });
  const other = await site.context.newPage();
  await other.goto(foreign.url);
  const asked = await other.evaluate(
    async ([url, body]) => {
      const ways = [
        { method: "POST", body },
        { method: "POST", body, mode: "no-cors" as const },
      ];
      return Promise.all(
        ways.map((init) =>
          fetch(url, init).then(
            ({ type, status }) => [type, status],
            () => "refused",
          ),
        ),
      );
    },
    [address, JSON.stringify(ASK)] as const,
  );
  // Such requests go past the worker to the site's server, which takes none.
  expect(asked).toEqual([
    ["cors", 405],
    ["opaque", 0],
  ]);
  const [reply] = await Promise.all([
    other.waitForResponse(address),
    other.evaluate(() => document.querySelector("form")!.submit()),
  ]);
  expect([reply.status(), await reply.json()]).toMatchObject([403, { error: { code: "navigation" } }]);
});
