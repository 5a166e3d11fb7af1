/** One way to use each client library, so that the same checks can be made with all of them. */

/** A tool of the checks. */
export const WEATHER = {
  name: "weather",
  description: "Tells the weather of a city.",
  parameters: {
    type: "object" as const,
    properties: { city: { enum: ["Paris", "Rome"] }, days: { type: "integer" as const, minimum: 1, maximum: 3 } },
    required: ["city", "days"],
    additionalProperties: false,
  },
};

/** A schema of the checks. */
export const PERSON = {
  type: "object" as const,
  properties: {
    name: { type: "string" as const, maxLength: 12 },
    age: { type: "integer" as const, minimum: 0, maximum: 150 },
  },
  required: ["name", "age"],
  additionalProperties: false,
};

/** A call that a model made. */
export interface Called {
  readonly name: string;
  readonly input: unknown;
}

/** A library, in the few words of the checks. Errors are those of the library. */
export interface Client {
  chat(question: string, options?: { readonly maxTokens?: number }): Promise<string>;
  /** Gives the answer in pieces. */
  stream(
    question: string,
    options?: { readonly signal?: AbortSignal; readonly endless?: boolean },
  ): AsyncIterable<string>;
  /** Lets the model call `WEATHER`, gives it a result, and returns the call and the last answer. */
  tools(question: string): Promise<{ readonly called: readonly Called[]; readonly answer: string }>;
  /** An answer that follows `PERSON`. */
  person(question: string): Promise<unknown>;
  /** The vectors of texts. */
  embed(model: string, texts: readonly string[]): Promise<readonly (readonly number[])[]>;
  /** The error of a request that cannot be answered. */
  wrong(request: { readonly model: string; readonly temperature: number }): Promise<Wrong>;
}

/** An error as a library reports it. */
export interface Wrong {
  readonly status: number | undefined;
  readonly message: string;
}

/** How the libraries send requests: by the browser's `fetch` or another one. */
export type Fetch = typeof globalThis.fetch;

/** The tokens that end answers of the guide: forbidden, so that only the limit ends an answer. */
export const ENDLESS = { logit_bias: { "0": -100, "1": -100, "2": -100 }, max_tokens: 800 };
