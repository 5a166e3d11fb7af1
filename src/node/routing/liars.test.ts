/** Peers that claim to be faster than all others, and do not answer, cost an answer some time and not its end. */
import { expect, it } from "vitest";
import type { Provider } from "../../inference";
import { OFFER, ToyProvider, letters, toyRequest } from "../../inference/testing/toy-provider";
import { JobLostError } from "../../room";
import { answer } from "./answer";
import { Experience } from "./experience";

const LIARS = 20;
const HONEST = 180;

function liar(id: string): Provider {
  return {
    id,
    kind: "peer",
    name: id,
    models: () => [OFFER],
    estimate: () => ({ firstTokenMs: 0, msPerToken: 0.001, price: 0, privacy: "room" }),
    generate: () => {
      throw new JobLostError("silent", "It says nothing.");
    },
  };
}

/** An honest peer that answers as the toy does. */
function peer(id: string): Provider {
  const toy = new ToyProvider(id);
  return {
    id,
    kind: "peer",
    name: id,
    models: () => toy.models(),
    estimate: () => ({ firstTokenMs: 1_000, msPerToken: 20, price: 0, privacy: "room" }),
    generate: (request, options) => toy.generate(request, options),
  };
}

it("finds an honest peer behind any number of liars", async () => {
  const providers = [
    ...Array.from({ length: LIARS }, (_, i) => liar(`liar ${i}`)),
    ...Array.from({ length: HONEST }, (_, i) => peer(`peer ${i}`)),
  ];
  const answerer = {
    providers: () => providers,
    policy: () => ({ privacy: "room", prefer: "speed" }) as const,
    expectedTokens: () => 30,
    experience: new Experience(),
    mayRecover: () => false,
  };
  let text = "";
  const events = answer({ generation: toyRequest(30) }, answerer, new AbortController().signal);
  for await (const event of events) if (event.type === "token") text += event.text;
  expect(text).toBe(letters(30));
});
