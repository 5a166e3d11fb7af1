/** Embeddings in OpenAI's shapes, as a function and over HTTP with OpenAI's own client. */
import OpenAI, { BadRequestError } from "openai";
import { describe, expect, test } from "vitest";
import { MicrogridError } from "../core";
import type { EmbedRequest, EmbedResult, GridState } from "../node";
import { type Embed, embeddingsOf } from "./embeddings";
import { serveApi } from "./http/serve";

const VALUES = [0.1, -0.25, 3];
const providers = [{ provider: { id: "local", kind: "local", name: "this device" }, inputs: 2 }] as const;

/** Gives the same numbers for each input, and keeps the requests. */
function embedding(): { embed: Embed; requests: EmbedRequest[] } {
  const requests: EmbedRequest[] = [];
  const embed: Embed = (request): Promise<EmbedResult> => {
    requests.push(request);
    const { inputs } = request.embedding;
    const vectors = Float32Array.from(inputs.flatMap((_, index) => VALUES.map((value) => value + index)));
    return Promise.resolve({ model: "v", dimensions: 3, vectors, promptTokens: 7, providers });
  };
  return { embed, requests };
}

function gridOf(embed: Embed) {
  const stored = { id: "s", name: "S", purpose: "embedding", stored: "yes", fit: { fits: true }, contextLength: 256 };
  const offer = { model: "v", name: "V", contextLength: 256, embedding: { dimensions: 3 } };
  const state = { loads: { v: { kind: "ready", offer } }, pipelines: [], room: undefined, models: [stored] };
  const loaded: string[] = [];
  const grid = {
    state: () => state as unknown as GridState,
    answer: () => {
      throw new Error("not in these tests");
    },
    embed,
    load: (id: string) => Promise.resolve(void loaded.push(id)),
  };
  const fetch = (input: string | URL | Request, init?: RequestInit): Promise<Response> =>
    serveApi(grid, new Request(input, init));
  const client = new OpenAI({ baseURL: "https://microgrid.test/v1", apiKey: "none", fetch, maxRetries: 0 });
  return { client, fetch, loaded };
}

describe("OpenAI's own client", () => {
  test("gets vectors, for which it asks in base64", async () => {
    const { embed, requests } = embedding();
    const { client } = gridOf(embed);
    const { data, model, object, usage } = await client.embeddings.create({ model: "v", input: ["a", "b"] });
    expect({ model, object, usage }).toEqual({
      ...{ model: "v", object: "list", usage: { prompt_tokens: 7, total_tokens: 7 } },
    });
    for (const [index, each] of data.entries()) {
      expect(each).toMatchObject({ object: "embedding", index });
      expect(each.embedding).toHaveLength(3);
      for (const [at, value] of VALUES.entries()) expect(each.embedding[at]).toBeCloseTo(value + index, 5);
    }
    expect(requests).toEqual([{ embedding: { model: "v", inputs: ["a", "b"] } }]);
  });

  test("gets plain numbers if it wants them, and sends everything that can be asked for", async () => {
    const { embed, requests } = embedding();
    const { client } = gridOf(embed);
    const whole = { model: "v", input: [1, 2, 3], encoding_format: "float", dimensions: 2, user: "me" } as const;
    const more = { microgrid: { policy: { privacy: "device" }, provider: "local" } };
    const reply = await client.embeddings.create({ ...whole, input: [...whole.input], ...more } as never);
    expect(reply.data[0]!.embedding).toEqual([...Float32Array.from(VALUES)]);
    expect(requests).toEqual([
      {
        embedding: { model: "v", inputs: [[1, 2, 3]], dimensions: 2 },
        policy: { privacy: "device" },
        provider: "local",
      },
    ]);
    await client.embeddings.create({ model: "v", input: [[1], [2]] });
    expect(requests[1]!.embedding.inputs).toEqual([[1], [2]]);
  });

  test("loads a model that is on this device, and sees what models are for", async () => {
    const { client, loaded } = gridOf(embedding().embed);
    await client.embeddings.create({ model: "s", input: "a" });
    expect(loaded).toEqual(["s"]);
    const { data } = await client.models.list();
    expect(data.map((model) => (model as never as { microgrid: { purpose: string } }).microgrid.purpose)).toEqual([
      ...["embedding", "embedding"],
    ]);
  });

  test.each([
    [{ input: "" }, "input", /at least one character/],
    [{ input: [] }, "input", /list of at most 2048 texts/],
    [{ input: ["a", ""] }, "input.1", /at least one character/],
    [{ input: new Array<string>(2049).fill("a") }, "input", /at most 2048 inputs/],
    [{ input: 7 }, "input", /It has to be a text/],
    [{ input: [[-1]] }, "input", /“input/],
    [{ input: "a", dimensions: 0 }, "dimensions", /“dimensions” cannot be used/],
    [{ input: "a", encoding_format: "int8" }, "encoding_format", /“encoding_format” cannot be used/],
    [{ input: "a", input_type: "query" }, "input_type", /is not a field/],
  ])("hears which field is wrong: %j", async (body, field, message) => {
    const { client } = gridOf(embedding().embed);
    const error: unknown = await client.embeddings.create({ model: "v", ...body } as never).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(BadRequestError);
    expect((error as BadRequestError).param?.startsWith(field)).toBe(true);
    expect((error as Error).message).toMatch(message);
  });

  test.each([
    ["context-exceeded", undefined, { param: "input", code: "context_length_exceeded" }],
    ["bad-request", "dimensions", { param: "dimensions", code: null }],
    ["bad-request", "inputs", { param: "input", code: null }],
    ["bad-request", undefined, { param: null, code: null }],
    ["unsupported-model", undefined, { param: null, code: "unsupported_model" }],
  ] as const)("hears which field an error is about: %s %s", async (code, field, expected) => {
    const failure = new MicrogridError(code, "No.", { field });
    const { client } = gridOf(() => Promise.reject(failure));
    await expect(client.embeddings.create({ model: "v", input: "a" })).rejects.toMatchObject({
      status: 400,
      ...expected,
    });
  });

  test("stops the work by an abort", async () => {
    let signal: AbortSignal | undefined;
    const { client } = gridOf((_, options) => {
      ({ signal } = options);
      return new Promise((_resolve, reject) =>
        signal!.addEventListener("abort", () => reject(signal!.reason as Error)),
      );
    });
    const abort = new AbortController();
    const asked = client.embeddings.create({ model: "v", input: "a" }, { signal: abort.signal });
    asked.catch(() => undefined);
    await expect.poll(() => signal).toBeDefined();
    abort.abort();
    await expect(asked).rejects.toThrow();
    await expect.poll(() => signal!.aborted).toBe(true);
  });
});

test("a page gets numbers, and who computed them", async () => {
  const { create } = embeddingsOf(embedding().embed);
  const { data, microgrid } = await create({ model: "v", input: "a" });
  expect(data[0]!.embedding).toEqual([...Float32Array.from(VALUES)]);
  expect(microgrid).toEqual({ providers });
  await expect(create({ model: "v", input: "" })).rejects.toMatchObject({ code: "bad-request" });
});
