/** The public shapes of OpenAI's APIs as Microgrid serves them: OpenAI's own, and the fields that Microgrid adds. */
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionCreateParams,
} from "openai/resources/chat/completions";
import type { CreateEmbeddingResponse, EmbeddingCreateParams } from "openai/resources/embeddings";
import type { AnswerRequest, AnswerSummary, EmbedResult, Policy } from "../node";

/** An answer that follows a grammar: a regular expression, or rules in EBNF that begin with `root`. */
interface GrammarFormat {
  type: "grammar";
  syntax: "ebnf" | "regex";
  definition: string;
}

/** A chat completion request: OpenAI's fields, and those that Microgrid adds. */
export type MicrogridParams = Omit<ChatCompletionCreateParams, "response_format" | "seed" | "max_tokens"> & {
  /** Makes sampling repeatable, on any device. */
  seed?: number | null;
  /** Most tokens of the answer. */
  max_tokens?: number | null;
  response_format?: ChatCompletionCreateParams["response_format"] | GrammarFormat;
  microgrid?: { policy?: Partial<Policy>; provider?: AnswerRequest["provider"] };
  top_k?: number;
  min_p?: number;
  repetition_penalty?: number;
  /** Whether the model thinks before it answers, for chat templates that can switch it. */
  enable_thinking?: boolean;
  /** Other variables of the chat template. One that the template does not know is refused. */
  chat_template_kwargs?: Record<string, boolean | number | string>;
};
/** The text that a chunk adds; `reasoning_content` is a thought before the answer. */
export type ReasoningDelta = ChatCompletionChunk.Choice["delta"] & { reasoning_content?: string };
/** A chat completion, with the model's thought apart from its answer, and `microgrid` saying where it was computed and why. */
export type MicrogridCompletion = Omit<ChatCompletion, "choices"> & {
  choices: (ChatCompletion.Choice & { message: { reasoning_content?: string } })[];
  microgrid: AnswerSummary;
};
/** A chunk of a streamed chat completion; the last one has `microgrid`. */
export type MicrogridChunk = Omit<ChatCompletionChunk, "choices"> & {
  choices: (ChatCompletionChunk.Choice & { delta: ReasoningDelta })[];
  microgrid?: AnswerSummary;
};

/** A request for embeddings: OpenAI's fields, and those that Microgrid adds. */
export type MicrogridEmbeddingParams = Omit<EmbeddingCreateParams, "model"> & {
  model: string;
  microgrid?: MicrogridParams["microgrid"];
};
/** Embeddings, with `microgrid` saying who computed how many of them. With `encoding_format: "base64"`, `embedding` is a text. */
export type MicrogridEmbeddings = CreateEmbeddingResponse & { microgrid: Pick<EmbedResult, "providers"> };

/** Embeddings in OpenAI's shapes. */
export interface Embeddings {
  /**
   * Turns one or many texts into vectors, with a model for embeddings of this device or of a peer; `model: "auto"` accepts any that
   * is ready. Give texts of any length up to the model's window: they are sorted, computed in batches, and shared among the devices
   * that can compute them. Throws `no-provider` if nobody can or may compute, `context-exceeded` for a text that is too long,
   * `unsupported-model` for a model that chats, `bad-request`, or the signal's reason.
   *
   * ```js
   * await grid.models.load("Xenova/all-MiniLM-L6-v2");
   * const { data } = await grid.embeddings.create({ model: "auto", input: ["A cat.", "A kitten."] });
   * console.log(data[0].embedding.length); // 384
   * ```
   */
  create(body: MicrogridEmbeddingParams, options?: { signal?: AbortSignal }): Promise<MicrogridEmbeddings>;
}

/** Chat completions in OpenAI's shapes. Use them where code or a library expects OpenAI's API. */
export interface ChatCompletions {
  /**
   * Answers a conversation with a model of this device, of a peer or of a pipeline; `model: "auto"` accepts any model that is
   * ready. With `stream: true`, resolves to an async iterable of chunks. Leaving its loop or aborting the signal stops the
   * work. Throws `no-provider` if nobody can or may answer, `context-exceeded`, `bad-request`, or the signal's reason.
   *
   * ```js
   * const stream = await grid.chat.completions.create({
   *   model: "auto",
   *   messages: [{ role: "user", content: "Hello!" }],
   *   stream: true,
   * });
   * for await (const chunk of stream) console.log(chunk.choices[0]?.delta.content ?? "");
   * ```
   */
  create(
    body: MicrogridParams & { stream: true },
    options?: { signal?: AbortSignal },
  ): Promise<AsyncIterable<MicrogridChunk>>;
  create(body: MicrogridParams & { stream?: false }, options?: { signal?: AbortSignal }): Promise<MicrogridCompletion>;
}
