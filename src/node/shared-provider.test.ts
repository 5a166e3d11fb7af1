import { expect, test } from "vitest";
import { type GenerateOptions, type GenerationEvent, type Provider } from "../inference";
import { ToyProvider, toyRequest } from "../inference/testing/toy-provider";
import { SharedProvider } from "./shared-provider";

test("an answer for others tells who asked to the engine, and not how much of the prompt was there to them", async () => {
  const toy = new ToyProvider();
  const generate = toy.generate.bind(toy);
  const asked: GenerateOptions[] = [];
  toy.generate = async function* (request, options) {
    asked.push(options);
    for await (const event of generate(request, options))
      yield event.type === "done" ? { ...event, usage: { ...event.usage, cachedTokens: 29 } } : event;
  };
  const shared = new SharedProvider(
    (): readonly Provider[] => [toy],
    () => undefined,
  );
  const options = { signal: new AbortController().signal, asker: "did:key:mallory" };
  const events: GenerationEvent[] = [];
  for await (const event of shared.generate(toyRequest(3), options)) events.push(event);
  expect(asked).toEqual([options]);
  expect(events.at(-1)).toMatchObject({ type: "done", usage: { cachedTokens: 0 } });
});
