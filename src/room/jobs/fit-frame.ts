/** Makes a request small enough for a frame. */
import { MicrogridError, formatBytes, utf8 } from "../../core";
import { type ChatMessage, type EmbeddingRequest, type GenerationRequest, newestWithin } from "../../inference";
import { MAX_MESSAGES, MAX_REQUEST_BYTES } from "../constants";

/** Bytes of a frame that all fields besides messages, tools and resume point may take: names, sampling, stop texts. */
const OTHER_BYTES = 32 * 1024;
/** Most bytes of tools: the conversation needs the rest. */
const MAX_TOOL_BYTES = MAX_REQUEST_BYTES / 2;
/** Bytes that a call takes in addition to its text. */
const CALL_BYTES = 32;
/** Most bytes that a message takes in addition to its text, and that a token id takes. */
const MESSAGE_BYTES = 48;
const ID_BYTES = 5;

/** A request as it travels, and the number of its oldest messages that were left out. */
interface FittedRequest {
  readonly request: GenerationRequest;
  readonly left: number;
}

/**
 * The request with as many of its messages as a frame can carry. Throws `context-exceeded` if it may not be shortened, or
 * if even its last message is too long.
 */
export function fitFrame(request: GenerationRequest): FittedRequest {
  const { messages, prompt = "", tools, resume, shorten } = request;
  const toolBytes = bytesOf(JSON.stringify(tools ?? []));
  if (toolBytes > MAX_TOOL_BYTES) {
    throw tooLong(
      `The tools of this request have ${formatBytes(toolBytes)}; at most ${formatBytes(MAX_TOOL_BYTES)} can be sent to another device.`,
      "tools",
    );
  }
  const budget =
    MAX_REQUEST_BYTES -
    OTHER_BYTES -
    toolBytes -
    (resume ? bytesOf(resume.text + (resume.reasoning ?? "")) + ID_BYTES * resume.ids.length : 0);
  const few = newestWithin(messages, MAX_MESSAGES, () => 1);
  const { messages: small, left } = newestWithin(few.messages, budget, sizeOf);
  const bytes = small.reduce((sum, message) => sum + sizeOf(message), bytesOf(prompt));
  if (bytes > budget) {
    throw tooLong(
      `This message has ${formatBytes(bytes)}; at most ${formatBytes(budget)} can be sent to another device.`,
      request.prompt === undefined ? "messages" : "prompt",
    );
  }
  const gone = few.left + left;
  if (gone > 0 && !shorten) {
    throw tooLong(
      `This conversation is too long to be sent to another device: at most ${MAX_MESSAGES} messages with ${formatBytes(budget)} can be sent.`,
      "messages",
    );
  }
  return { request: gone > 0 ? { ...request, messages: small } : request, left: gone };
}

/** Throws `context-exceeded` if the inputs of a request are too long for a frame. */
export function requireFit({ inputs }: EmbeddingRequest): void {
  const budget = MAX_REQUEST_BYTES - OTHER_BYTES;
  const bytes = inputs.reduce(
    (sum, input) => sum + MESSAGE_BYTES + (typeof input === "string" ? bytesOf(input) : ID_BYTES * input.length),
    0,
  );
  if (bytes <= budget) return;
  throw tooLong(
    `The inputs of this request have ${formatBytes(bytes)}; at most ${formatBytes(budget)} can be sent to another device.`,
    "inputs",
  );
}

function sizeOf({ content, reasoning = "", toolCalls = [], toolCallId = "" }: ChatMessage): number {
  const calls = toolCalls.map((call) => CALL_BYTES + bytesOf(call.id + call.name + call.arguments));
  return MESSAGE_BYTES + bytesOf(content + reasoning + toolCallId) + calls.reduce((sum, bytes) => sum + bytes, 0);
}

function bytesOf(text: string): number {
  return utf8(text).length;
}

function tooLong(what: string, field: string): MicrogridError {
  return new MicrogridError("context-exceeded", `${what} Shorten it, or load a model on this device.`, { field });
}
