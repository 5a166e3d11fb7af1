/** Token ids from a provider are a hint: made-up ones cost the answer nothing, and no honest provider its good name. */
import { expect, it } from "vitest";
import type { GenerationEvent, GenerationRequest, Provider } from "../../inference";
import { OFFER, toyRequest } from "../../inference/testing/toy-provider";
import { JobLostError } from "../../room";
import { answer } from "./answer";
import { Experience } from "./experience";

const NO_SUCH_ID = 4_294_967_295;
const usage = { promptTokens: 1, completionTokens: 1, cachedTokens: 0, prefillMs: 1, decodeMs: 1 };

function peer(id: string, firstTokenMs: number, generate: Provider["generate"]): Provider {
  const estimate = () => ({ firstTokenMs, msPerToken: 1, price: 0, privacy: "room" }) as const;
  return { id, kind: "peer", name: id, models: () => [OFFER], estimate, generate };
}

it("goes on from the text before it blames a provider for ids that another one has made up", async () => {
  const hostile = peer("hostile", 0, async function* (): AsyncGenerator<GenerationEvent> {
    await Promise.resolve();
    yield { type: "token", ids: [NO_SUCH_ID], text: "a" };
    throw new JobLostError("disconnected", "It is gone.");
  });
  const asked: (readonly number[] | undefined)[] = [];
  const honest = peer("honest", 1000, async function* ({ resume }: GenerationRequest): AsyncGenerator<GenerationEvent> {
    await Promise.resolve();
    asked.push(resume?.ids);
    if (resume?.ids.includes(NO_SUCH_ID)) throw new JobLostError("engine", "Index out of range.");
    yield { type: "token", ids: [1], text: "b" };
    yield { type: "done", finishReason: "stop", usage };
  });
  const experience = new Experience();
  const answerer = {
    providers: () => [hostile, honest],
    policy: () => ({ privacy: "room", prefer: "speed" }) as const,
    expectedTokens: () => 30,
    experience,
    mayRecover: () => false,
  };
  let text = "";
  const losses: string[] = [];
  for await (const event of answer({ generation: toyRequest(30) }, answerer, new AbortController().signal)) {
    if (event.type === "token") text += event.text;
    if (event.type === "lost") losses.push(event.loss);
  }
  expect({ text, losses, asked }).toEqual({ text: "ab", losses: ["disconnected"], asked: [[NO_SUCH_ID], []] });
  expect(experience.avoids(honest)).toBe(false);
});
