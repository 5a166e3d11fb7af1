import { beforeEach, describe, expect, test, vi } from "vitest";
import { MicrogridError } from "../core";
import type { AnswerEvent, AnswerRequest, GridApi, ModelOffer, Route } from "../grid";
import { type AskOptions, Dialogue } from "./dialogue";

const offer = { model: "guide", name: "Guide", contextLength: 1024 } as ModelOffer;
const provider = { id: "local", kind: "local", name: "this device" } as const;
const route: Route = { provider, why: ["It is here."], attempt: 1, offer, exact: true };
const usage = { promptTokens: 3, completionTokens: 2, cachedTokens: 0, prefillMs: 1, decodeMs: 10 };
const end: AnswerEvent = {
  type: "done",
  finishReason: "stop",
  usage,
  summary: { provider, route: ["It is here."], attempts: 1, timings: { queueMs: 0, firstTokenMs: 1, totalMs: 11 } },
};
const word = (text: string): AnswerEvent => ({ type: "token", text, ids: [1] });

/** A grid whose answers are made by `answer`; it keeps what it was asked. */
function options(answer: (request: AnswerRequest, signal: AbortSignal) => AsyncIterable<AnswerEvent>) {
  const asked: string[][] = [];
  const degrees: (number | undefined)[] = [];
  const grid = {
    policy: { privacy: "room", prefer: "speed" },
    state: { loads: { guide: { kind: "ready", offer } }, room: undefined },
    answer(request: AnswerRequest, { signal }: { signal: AbortSignal }) {
      degrees.push(request.generation.sampling?.temperature);
      asked.push(request.generation.messages.map(({ content }) => content));
      return answer(request, signal);
    },
  } as unknown as GridApi;
  const plain: AskOptions = { grid, model: "guide", policy: {}, system: "", sampling: {}, load: undefined };
  const given = (wishes: Partial<AskOptions> = {}): Promise<AskOptions> => Promise.resolve({ ...plain, ...wishes });
  return { given, asked, degrees };
}

async function* says(...words: string[]): AsyncGenerator<AnswerEvent> {
  yield { type: "route", route };
  for (const each of words) yield word(each);
  yield end;
}

/** Says one word, then nothing until it is stopped. */
async function* hangs(signal: AbortSignal): AsyncGenerator<AnswerEvent> {
  yield { type: "route", route };
  yield word("Well");
  signal.throwIfAborted();
  await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
}

beforeEach(() => {
  vi.stubGlobal("requestAnimationFrame", (frame: () => void) => setTimeout(frame));
});

describe("Dialogue", () => {
  test("streams an answer and asks the next question after it", async () => {
    const { given, asked } = options(() => says("To", "kyo"));
    const dialogue = new Dialogue();
    const tokens: string[] = [];
    dialogue.on("token", ({ answer }) => tokens.push(answer));
    expect(await dialogue.ask("Capital?", given())).toBe("Tokyo");
    await dialogue.ask("Sure?", given());
    expect(tokens.slice(0, 2)).toEqual(["To", "Tokyo"]);
    expect(asked[1]).toEqual(["Capital?", "Tokyo", "Sure?"]);
    expect(dialogue.turns[0]).toMatchObject({
      question: { content: "Capital?" },
      answer: { status: "complete", content: "Tokyo", answer: { tokensPerSecond: 100, routes: [{ why: route.why }] } },
      running: undefined,
    });
    expect(dialogue.busy).toBe(false);
  });

  test("keeps the text of an answer that is stopped, and reports the stop once", async () => {
    const { given } = options((_, signal) => hangs(signal));
    const dialogue = new Dialogue();
    const ends: string[] = [];
    dialogue.on("done", ({ finishReason }) => ends.push(finishReason));
    dialogue.on("token", () => dialogue.stop());
    expect(await dialogue.ask("Capital?", given())).toBe("Well");
    expect(dialogue.turns[0]?.answer?.status).toBe("interrupted");
    expect(ends).toEqual(["stopped"]);
  });

  test("keeps what an answer has said when a newer question stops it, and sends it with the question", async () => {
    const { given, asked } = options((_, signal) => (asked.length === 1 ? hangs(signal) : says("Yes")));
    const dialogue = new Dialogue();
    let second: Promise<string> | undefined;
    dialogue.on("token", ({ answer }) => {
      if (answer === "Well") second ??= dialogue.ask("Second?", given());
    });
    expect(await dialogue.ask("First?", given())).toBe("Well");
    expect(await second).toBe("Yes");
    expect(asked[1]).toEqual(["First?", "Well", "Second?"]);
    expect(dialogue.turns.map(({ answer }) => [answer?.content, answer?.status])).toEqual([
      ["Well", "interrupted"],
      ["Yes", "complete"],
    ]);
  });

  test("stops the current answer when a newer question comes, even while the grid is still opening", async () => {
    const dialogue = new Dialogue();
    const first = dialogue.ask("First?", new Promise(() => undefined));
    const second = dialogue.ask("Second?", options(() => says("Yes")).given());
    expect(await first).toBe("");
    expect(await second).toBe("Yes");
    expect(dialogue.turns.map(({ answer }) => answer?.status)).toEqual(["interrupted", "complete"]);
  });

  test("reports a failure and leaves it out of the next request", async () => {
    const failure = new MicrogridError("peer-lost", "It left.");
    let fails = true;
    const { given, asked } = options(() => {
      if (fails) throw failure;
      return says("Yes");
    });
    const dialogue = new Dialogue();
    const told: MicrogridError[] = [];
    dialogue.on("failed", (error) => told.push(error));
    await expect(dialogue.ask("First?", given())).rejects.toBe(failure);
    fails = false;
    await dialogue.ask("Second?", given());
    expect(told).toEqual([failure]);
    expect(dialogue.turns[0]).toMatchObject({
      answer: { status: "failed", answer: { error: { message: "It left." } } },
    });
    expect(asked.at(-1)).toEqual(["Second?"]);
  });

  test("lets the model leave out the oldest turns, asks it once, and keeps how many it did not read", async () => {
    const { given, asked } = options(async function* ({ generation }) {
      expect(generation.shorten).toBe(true);
      if (generation.messages.length > 3) yield { type: "shortened", messages: 2 };
      yield* says("Yes");
    });
    const dialogue = new Dialogue();
    for (const question of ["A?", "B?", "C?"]) await dialogue.ask(question, given());
    expect(asked).toHaveLength(3);
    expect(dialogue.turns.map(({ answer }) => answer?.answer?.left)).toEqual([undefined, undefined, 2]);
  });

  test("sends the page's instructions and temperature with each question", async () => {
    const { given, asked, degrees } = options(() => says("Yes"));
    const dialogue = new Dialogue();
    const wishes = { system: "Be brief.", sampling: { temperature: 0.5 } };
    for (const question of ["A?", "B?"]) await dialogue.ask(question, given(wishes));
    expect(asked.at(-1)).toEqual(["Be brief.", "A?", "Yes", "B?"]);
    expect(new Set(degrees)).toEqual(new Set([0.5]));
  });

  test("refuses an empty question and forgets everything when cleared", async () => {
    const { given } = options((_, signal) => hangs(signal));
    const dialogue = new Dialogue();
    await expect(dialogue.ask("  ", given())).rejects.toMatchObject({ code: "bad-request" });
    dialogue.on("token", () => dialogue.clear());
    expect(await dialogue.ask("Capital?", given())).toBe("");
    expect(dialogue.turns).toEqual([]);
  });
});
