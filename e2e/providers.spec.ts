/** Requests mean the same on every provider: on this device, on a peer, in a pipeline, and on another device after a loss. */
import type { MicrogridParams } from "../src/grid";
import {
  type SitePage,
  expect,
  expectPeers,
  joinRoom,
  layersRoom,
  loadModel,
  openRoom,
  slowEngine,
  test,
  visitor,
  visitorWithModel,
} from "./harness";

declare global {
  interface Window {
    /** An answer that a test has started. */
    running?: { chunks: number; readonly whole: Promise<Told> };
  }
}

/** The reply to a request. */
interface Told {
  readonly kind: string;
  readonly attempts: number;
  readonly text: string;
  readonly calls: readonly string[];
  readonly reason: string | null;
  readonly tokens: readonly (readonly number[])[];
}

const messages = [{ role: "user" as const, content: "Tell me a story about a robot" }];
const parameters = {
  type: "object",
  properties: { city: { enum: ["Paris", "Rome"] }, note: { type: "string", maxLength: 30 } },
  required: ["city", "note"],
  additionalProperties: false,
};
const sampled = { temperature: 0.8, top_p: 0.9, seed: 7, presence_penalty: 2, frequency_penalty: 2 };
const BODIES = {
  sampled: { ...sampled, logit_bias: { "0": -100, "1": -100, "2": -100 }, max_tokens: 60, logprobs: true, stop: "zz" },
  schema: {
    ...sampled,
    max_tokens: 60,
    response_format: { type: "json_schema", json_schema: { name: "trip", strict: true, schema: parameters } },
  },
  tools: {
    ...sampled,
    max_tokens: 120,
    tools: [{ type: "function", function: { name: "weather", parameters } }],
    tool_choice: "required",
    parallel_tool_calls: false,
  },
} satisfies Record<string, Partial<MicrogridParams>>;

/** Starts a streamed answer; `provider` says who may give it. */
async function start({ page }: SitePage, body: Partial<MicrogridParams>, provider?: string): Promise<void> {
  await page.evaluate(
    ([asked, wanted]) => {
      const read = async (): Promise<Told> => {
        let [kind, attempts, text, reason] = ["", 0, "", null as string | null];
        const calls: string[] = [];
        const tokens: number[][] = [];
        const params = { model: "guide", ...asked, ...(wanted !== undefined && { microgrid: { provider: wanted } }) };
        const body = { ...params, stream: true } as MicrogridParams & { stream: true };
        const stream = await window.microgrid!.chat.completions.create(body);
        for await (const { choices, microgrid } of stream) {
          const [choice] = choices;
          window.running!.chunks++;
          text += choice?.delta.content ?? "";
          for (const { index, function: call } of choice?.delta.tool_calls ?? []) {
            calls[index] = (calls[index] ?? `${call?.name} `) + (call?.arguments ?? "");
          }
          for (const { bytes } of choice?.logprobs?.content ?? []) tokens.push(bytes!);
          reason = choice?.finish_reason ?? reason;
          if (microgrid) ({ attempts } = microgrid);
          if (microgrid) ({ kind } = microgrid.provider);
        }
        return { kind, attempts, text, calls, reason, tokens };
      };
      let begin = (): void => undefined;
      const begun = new Promise<void>((resolve) => (begin = resolve));
      window.running = { chunks: 0, whole: begun.then(read) };
      begin();
    },
    [{ messages, ...body }, provider] as const,
  );
}

const finished = ({ page }: SitePage): Promise<Told> => page.evaluate(() => window.running!.whole);

async function told(site: SitePage, body: Partial<MicrogridParams>, provider?: string): Promise<Told> {
  await start(site, body, provider);
  return finished(site);
}

for (const [name, body] of Object.entries(BODIES)) {
  test(`an answer is the same here, from a peer, and after a loss in the middle of it: ${name}`, async ({
    openSite,
  }) => {
    const ada = await visitorWithModel(openSite, { name: "ada", prepare: slowEngine });
    const ben = await visitor(openSite, { name: "ben" });
    await joinRoom(ben, await openRoom(ada));
    await expectPeers(ben, 1, 1);
    const own = await told(ada, body);
    expect(own).toMatchObject({ kind: "local", attempts: 1 });
    expect(name === "tools" ? own.calls : [own.text]).toHaveLength(1);
    expect(await told(ben, body)).toEqual({ ...own, kind: "peer" });

    await start(ben, body);
    await ben.page.waitForFunction(() => window.running!.chunks >= 6, undefined, { polling: 5 });
    await ada.page.evaluate(() => window.microgrid!.rooms.current!.share(false));
    await loadModel(ben);
    expect(await finished(ben)).toEqual({ ...own, attempts: 2 });
  });
}

test("an answer is the same in a pipeline", async ({ openSite }) => {
  const [consumer] = await layersRoom(openSite, 1);
  const answers: Told[] = [];
  for (const body of Object.values(BODIES)) answers.push(await told(consumer, body, "pipeline"));
  expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(["pipeline"]));
  await loadModel(consumer);
  for (const [index, body] of Object.values(BODIES).entries()) {
    expect(await told(consumer, body, "local")).toEqual({ ...answers[index], kind: "local" });
  }
});
