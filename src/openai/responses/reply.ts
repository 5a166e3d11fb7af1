/** Answers as responses and their events. */
import type {
  Response as ResponseBody,
  ResponseFunctionToolCall,
  ResponseOutputMessage,
  ResponseOutputText,
  ResponseReasoningItem,
  ResponseStreamEvent,
} from "openai/resources/responses/responses";
import { errorToData } from "../../core";
import type { TokenLogprob } from "../../inference";
import type { ChoicePart } from "../answer-parts";
import { replyId } from "../text-api";
import { withUnmarkedThoughts } from "../unmarked-thoughts";
import type { ResponseRequest } from "./request";

/** An item of the output while it grows. */
type Item =
  | (ResponseReasoningItem & { content: { type: "reasoning_text"; text: string }[] })
  | ResponseOutputMessage
  | ResponseFunctionToolCall;
type Body = Omit<ResponseBody, "access_programs">;
type Bare<E> = E extends unknown ? Omit<E, "sequence_number"> : never;

/** Writes the events of a stream. An answer that fails in the middle ends it with `response.failed`. */
export async function* responseEvents(
  parts: AsyncIterable<ChoicePart>,
  request: ResponseRequest,
): AsyncGenerator<ResponseStreamEvent> {
  const output = new Output(request);
  let sequence = 0;
  const numbered = (event: Bare<ResponseStreamEvent>): ResponseStreamEvent => ({
    ...event,
    sequence_number: sequence++,
  });
  try {
    for await (const part of parts) for (const event of output.add(part)) yield numbered(event);
  } catch (error) {
    for (const event of output.fail(errorToData(error).message)) yield numbered(event);
  }
}

/** Writes a whole response. */
export async function wholeResponse(parts: AsyncIterable<ChoicePart>, request: ResponseRequest): Promise<Body> {
  const output = new Output(request);
  for await (const part of withUnmarkedThoughts(parts)) for (const _event of output.add(part));
  return output.body;
}

/** The output of one response, item by item, and the events that tell how it grows. */
class Output {
  readonly #request: ResponseRequest;
  readonly #items: Item[] = [];
  /** The last item still grows. */
  #open = false;
  #model = "";
  #status: NonNullable<ResponseBody["status"]> = "in_progress";
  #more: Partial<Body> = {};

  constructor(request: ResponseRequest) {
    this.#request = request;
  }

  get body(): Body {
    const { id, created, body } = this.#request;
    return {
      id,
      object: "response",
      created_at: created,
      status: this.#status,
      model: this.#model,
      output: [...this.#items],
      output_text: this.#items.map((item) => (item.type === "message" ? textOf(item) : "")).join(""),
      error: null,
      incomplete_details: null,
      instructions: body.instructions ?? null,
      metadata: body.metadata ?? null,
      max_output_tokens: body.max_output_tokens ?? null,
      parallel_tool_calls: body.parallel_tool_calls ?? true,
      previous_response_id: null,
      reasoning: { effort: body.reasoning?.effort ?? null, summary: null },
      service_tier: "default",
      temperature: body.temperature ?? null,
      text: { format: (body.text?.format ?? { type: "text" }) as never },
      tool_choice: body.tool_choice ?? "auto",
      tools: (body.tools ?? []).map((tool) => ({
        type: "function",
        name: tool.name,
        description: tool.description ?? null,
        parameters: tool.parameters ?? null,
        strict: tool.strict ?? null,
      })),
      top_p: body.top_p ?? null,
      truncation: body.truncation ?? "disabled",
      ...this.#more,
    };
  }

  *add(part: ChoicePart): Generator<Bare<ResponseStreamEvent>> {
    switch (part.type) {
      case "begin":
        this.#model = part.model;
        yield { type: "response.created", response: this.body as ResponseBody };
        yield { type: "response.in_progress", response: this.body as ResponseBody };
        break;
      case "reasoning":
        yield* this.#reasoning(part.text);
        break;
      case "text":
        // A call is often surrounded by line breaks, which are no message.
        if (part.text !== "") yield* this.#text(part.text, part.logprobs ?? []);
        break;
      case "call":
        yield* this.#begin({
          type: "function_call",
          id: replyId("fc_"),
          call_id: part.id,
          name: part.name,
          arguments: "",
          status: "in_progress",
        });
        break;
      case "arguments":
        yield* this.#arguments(part.text);
        break;
      case "end": {
        yield* this.#close(part.finishReason === "length" ? "incomplete" : "completed");
        const { promptTokens, completionTokens, cachedTokens, reasoningTokens } = part.usage;
        this.#status = part.finishReason === "length" ? "incomplete" : "completed";
        this.#more = {
          ...(part.finishReason === "length" && { incomplete_details: { reason: "max_output_tokens" } }),
          usage: {
            input_tokens: promptTokens,
            input_tokens_details: { cached_tokens: cachedTokens, cache_write_tokens: 0 },
            output_tokens: completionTokens,
            output_tokens_details: { reasoning_tokens: reasoningTokens },
            total_tokens: promptTokens + completionTokens,
          },
        };
        const type = this.#status === "incomplete" ? "response.incomplete" : "response.completed";
        yield { type, response: this.body as ResponseBody };
      }
    }
  }

  *fail(message: string): Generator<Bare<ResponseStreamEvent>> {
    yield* this.#close("incomplete");
    this.#status = "failed";
    this.#more = { error: { code: "server_error", message } };
    yield { type: "response.failed", response: this.body as ResponseBody };
  }

  *#reasoning(delta: string): Generator<Bare<ResponseStreamEvent>> {
    let item = this.#last("reasoning");
    if (!item) {
      item = { type: "reasoning", id: replyId("rs_"), summary: [], content: [], status: "in_progress" };
      yield* this.#begin(item);
    }
    if (item.content.length === 0) {
      item.content.push({ type: "reasoning_text", text: "" });
      yield {
        ...this.#place(item),
        content_index: 0,
        type: "response.content_part.added",
        part: { ...item.content[0]! },
      };
    }
    item.content[0]!.text += delta;
    yield { ...this.#place(item), content_index: 0, type: "response.reasoning_text.delta", delta };
  }

  *#text(delta: string, logprobs: readonly TokenLogprob[]): Generator<Bare<ResponseStreamEvent>> {
    let item = this.#last("message");
    if (!item) {
      item = { type: "message", id: replyId("msg_"), role: "assistant", content: [], status: "in_progress" };
      yield* this.#begin(item);
      item.content.push({ type: "output_text", text: "", annotations: [], logprobs: [] });
      yield { ...this.#place(item), content_index: 0, type: "response.content_part.added", part: { ...partOf(item) } };
    }
    const part = partOf(item);
    const probabilities = logprobs.map(logprobOf);
    part.text += delta;
    part.logprobs!.push(...probabilities);
    yield {
      ...this.#place(item),
      content_index: 0,
      type: "response.output_text.delta",
      delta,
      logprobs: probabilities,
    };
  }

  *#arguments(delta: string): Generator<Bare<ResponseStreamEvent>> {
    const item = this.#last("function_call");
    if (!item) return;
    item.arguments += delta;
    yield { ...this.#place(item), type: "response.function_call_arguments.delta", delta };
  }

  /** The last item, if it still grows and is of this type. */
  #last<T extends Item["type"]>(type: T): Extract<Item, { type: T }> | undefined {
    const item = this.#items.at(-1);
    return this.#open && item?.type === type ? (item as Extract<Item, { type: T }>) : undefined;
  }

  *#begin(item: Item): Generator<Bare<ResponseStreamEvent>> {
    yield* this.#close("completed");
    this.#items.push(item);
    this.#open = true;
    yield { type: "response.output_item.added", output_index: this.#items.length - 1, item: structuredClone(item) };
  }

  *#close(status: "completed" | "incomplete"): Generator<Bare<ResponseStreamEvent>> {
    const item = this.#items.at(-1);
    if (!item || !this.#open) return;
    this.#open = false;
    item.status = status;
    const place = this.#place(item);
    if (item.type === "function_call") {
      yield { ...place, type: "response.function_call_arguments.done", arguments: item.arguments };
    } else if (item.type === "message") {
      const part = partOf(item);
      const { text, logprobs = [] } = part;
      yield { ...place, content_index: 0, type: "response.output_text.done", text, logprobs };
      yield { ...place, content_index: 0, type: "response.content_part.done", part };
    } else if (item.content.length > 0) {
      const part = item.content[0]!;
      yield { ...place, content_index: 0, type: "response.reasoning_text.done", text: part.text };
      yield { ...place, content_index: 0, type: "response.content_part.done", part };
    }
    yield { type: "response.output_item.done", output_index: place.output_index, item: structuredClone(item) };
  }

  #place(item: Item): { readonly item_id: string; readonly output_index: number } {
    return { item_id: item.id!, output_index: this.#items.length - 1 };
  }
}

function partOf(message: ResponseOutputMessage): ResponseOutputText {
  return message.content[0] as ResponseOutputText;
}

function textOf(message: ResponseOutputMessage): string {
  return message.content.map((part) => (part.type === "output_text" ? part.text : "")).join("");
}

function logprobOf({ text, logprob, bytes, top }: TokenLogprob): ResponseOutputText.Logprob {
  return {
    token: text,
    logprob,
    bytes: [...bytes],
    top_logprobs: top.map((other) => ({ token: other.text, logprob: other.logprob, bytes: [...other.bytes] })),
  };
}
