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

test("a model from an address is offered to others without its address, and is asked by that name", async () => {
  const address = "http://10.0.0.7/key-5ecret/SmolLM2/";
  const toy = new ToyProvider();
  const [offer] = toy.models();
  toy.models = () => [{ ...offer!, model: address, name: "SmolLM2" }];
  const generate = toy.generate.bind(toy);
  const asked: string[] = [];
  toy.generate = (request, options) => {
    asked.push(request.model);
    return generate(request, options);
  };
  const shared = new SharedProvider(
    () => [toy],
    () => undefined,
  );
  const [told] = shared.models();
  expect(told).toMatchObject({ name: "SmolLM2", model: expect.stringMatching(/^own\/SmolLM2\//) as string });
  expect(JSON.stringify(told)).not.toContain("5ecret");
  const request = { ...toyRequest(3), model: told!.model };
  for await (const _ of shared.generate(request, { signal: new AbortController().signal })) {
    expect(shared.serving).toEqual([address]);
  }
  expect(asked).toEqual([address]);
});
