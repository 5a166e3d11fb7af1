/** A model's tokenizer and chat template, read from its package. */
import { Tokenizer } from "@huggingface/tokenizers";
import * as v from "valibot";
import { MicrogridError, parsePythonJson, toHex, toMicrogridError, utf8 } from "../../core";
import { CALL_FORMATS, jsonObject, offeredTools, toolDefinition, withTexts } from "../tools";
import type { ChatAbilities, ChatMessage, GenerationRequest } from "../types";
import { ChatTemplate } from "./chat-template";
import { ControlTokens, withoutMarks } from "./control-tokens";
import { withUnicodeSteps } from "./unicode-steps";
import { type ThoughtFormat, leadingThought, thoughtFormat } from "./thoughts";
import { tokenBytes } from "./token-bytes";
import type { TemplateMessage } from "./turns";

const SPECIALS = ["bos_token", "eos_token", "pad_token", "unk_token", "sep_token", "cls_token", "mask_token"] as const;
const TokenText = v.fallback(v.nullish(v.union([v.string(), v.object({ content: v.string() })])), undefined);
const TokenizerConfig = v.looseObject({
  chat_template: v.optional(
    v.nullable(v.union([v.string(), v.array(v.object({ name: v.string(), template: v.string() }))])),
  ),
  ...v.entriesFromList(SPECIALS, TokenText),
});
const TokenizerFile = v.looseObject({
  model: v.looseObject({}),
  added_tokens: v.fallback(
    v.array(v.looseObject({ id: v.number(), content: v.string(), special: v.optional(v.boolean(), false) })),
    [],
  ),
  pre_tokenizer: v.optional(v.unknown()),
  decoder: v.optional(v.unknown()),
});

/** The texts that a tokenizer is made of, as they lie in a model's package. */
interface TokenizerFiles {
  /** `tokenizer.json`. */
  readonly tokenizer: string;
  /** `tokenizer_config.json`; undefined if the package has none. */
  readonly config: string | undefined;
  /** `chat_template.jinja`, which wins over the template in the configuration. False if something else writes the chats. */
  readonly template: string | undefined | false;
}

/** The parts of a request, besides its messages, that a prompt depends on. */
type PromptRequest = Pick<GenerationRequest, "localTime" | "template" | "tools" | "toolChoice">;

/** Turns chats into token ids and token ids into text, for one model. */
export class ChatTokenizer {
  /** SHA-256 of `tokenizer.json` in hexadecimal: equal hashes give equal ids. */
  readonly hash: string;
  /** Ids that end an answer: the configuration's end-of-text token, and those that end a turn or its calls of tools. */
  readonly endIds: readonly number[];
  /** How the model marks its thoughts. */
  readonly thoughts: ThoughtFormat;
  readonly #tokenizer: Tokenizer;
  readonly #control: ControlTokens;
  readonly #template: ChatTemplate | undefined;
  readonly #bytes: ReturnType<typeof tokenBytes>;
  #size: number | undefined;

  private constructor(
    hash: string,
    parts: {
      tokenizer: Tokenizer;
      control: ControlTokens;
      template: ChatTemplate | undefined;
      eosToken: string;
      decoder: unknown;
    },
  ) {
    const { tokenizer, control, template, eosToken } = parts;
    this.#bytes = tokenBytes(parts.decoder);
    this.hash = hash;
    this.#tokenizer = tokenizer;
    this.#control = control;
    this.#template = template;
    const eosId = tokenizer.token_to_id(eosToken);
    const turnEnd = control.at(template?.afterAnswer().trimStart() ?? "");
    const calls = CALL_FORMATS[template?.abilities.tools ?? "generic"];
    this.endIds = [eosId, turnEnd, ...calls.ends.map((text) => control.id(text))].filter((id) => id !== undefined);
    this.thoughts = thoughtFormat((text) => control.has(text) || template?.source.includes(text) === true);
    control.show(this.thoughts.marks, calls.marks);
  }

  /**
   * Parses the files, and tries the template. Throws `file-corrupt` for invalid JSON, `unsupported-model` for an unknown kind
   * of tokenizer, or a template that cannot be used here.
   */
  static async parse(files: TokenizerFiles): Promise<ChatTokenizer> {
    const json = parseJson(files.tokenizer, "tokenizer.json", TokenizerFile);
    const config = files.config === undefined ? {} : parseJson(files.config, "tokenizer_config.json", TokenizerConfig);
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(files.tokenizer));
    const source =
      files.template === false ? undefined : (files.template ?? defaultTemplate(config.chat_template ?? undefined));
    const specials = specialTokens(config);
    const control = new ControlTokens(json.added_tokens, source);
    const template = source === undefined ? undefined : new ChatTemplate(source, specials, (text) => control.has(text));
    try {
      const tokenizer = new Tokenizer(withUnicodeSteps(withoutMarks(json)), config);
      const hash = toHex(new Uint8Array(digest));
      return new ChatTokenizer(hash, {
        tokenizer,
        control,
        template,
        eosToken: specials.eos_token,
        decoder: json.decoder,
      });
    } catch (error) {
      throw toMicrogridError(
        error,
        "unsupported-model",
        `The tokenizer of this model cannot be used here (${reason(error)}). Choose another model.`,
      );
    }
  }

  /**
   * The tokens of a chat as the model expects to read it, up to where the answer begins. Control tokens that messages
   * contain are text. Throws `unsupported-model` if the model has no chat template, and as `ChatTemplate.write` does.
   */
  read(messages: readonly ChatMessage[], settings: PromptRequest = {}): number[] {
    if (!this.#template) {
      throw new MicrogridError(
        "unsupported-model",
        "This model has no chat template, so it cannot hold a conversation. Choose a model that was made for chat.",
      );
    }
    const { localTime, template } = settings;
    const tools = offeredTools(settings).map((tool) => withTexts(toolDefinition(tool), (text) => this.asText(text)));
    return this.encodePrompt(
      this.#template.write(
        messages.map((message) => this.#turn(message)),
        { ...(localTime && { localTime }), ...(template && { template }), tools },
      ),
    );
  }

  /** Abilities of the chat template; undefined if the model has none. */
  get abilities(): ChatAbilities | undefined {
    return this.#template?.abilities;
  }

  /** Token ids of a prompt: control tokens are read as such, except in what `asText` has returned. Nothing is added. */
  encodePrompt(prompt: string): number[] {
    return prompt === "" ? [] : this.#tokenizer.encode(prompt, { add_special_tokens: false }).ids;
  }

  /** Token ids of a text that a model goes on with: control tokens are read as such, and a first one is added where it has one. */
  encodeText(text: string): number[] {
    return this.#tokenizer.encode(text).ids;
  }

  /**
   * Text to be put into a prompt, where its control tokens are to be no more than text. If the text is an answer with calls of
   * tools (`calls`), the marks of calls stay control tokens.
   */
  asText(text: string, calls = false): string {
    return this.#control.asText(text, calls);
  }

  /** Token ids of a plain text; nothing is added. */
  encode(text: string): number[] {
    return this.encodePrompt(this.asText(text));
  }

  /**
   * Text of the ids, without special tokens except the marks of `thoughts`, and those of calls of tools if the answer may have
   * some (`calls`). An unfinished character at the end shows as U+FFFD.
   */
  decode(ids: readonly number[], calls = false): string {
    const shown = ids.filter((id) => !this.#control.hides(id, calls));
    if (shown.length === 0) return "";
    return this.#tokenizer.decode(shown, { skip_special_tokens: false, clean_up_tokenization_spaces: false });
  }

  /**
   * The bytes that a token writes, a part of a character maybe. Tokens that are no text, and unknown ones, have none. `calls` as in
   * `decode`.
   */
  bytesOf(id: number, calls = false): Uint8Array<ArrayBuffer> {
    const token = this.#tokenizer.id_to_token(id);
    if (token === undefined || this.#control.hides(id, calls)) return new Uint8Array();
    if (this.#control.added.has(id)) return utf8(token);
    return this.#bytes?.(token) ?? utf8(this.decode([id]));
  }

  /** One more than the highest id. */
  get size(): number {
    if (this.#size === undefined) {
      this.#size = 0;
      for (const id of this.#tokenizer.get_vocab().values()) this.#size = Math.max(this.#size, id + 1);
    }
    return this.#size;
  }

  /** True for an id of the vocabulary that writes text, or a mark that `decode` shows. `calls` as in `decode`. */
  writes(id: number, calls = false): boolean {
    return this.#tokenizer.id_to_token(id) !== undefined && !this.#control.hides(id, calls);
  }

  /** True for tokens that control the model instead of being text. `calls` as in `decode`. */
  isControl(id: number, calls = false): boolean {
    return this.#control.includes(id, calls);
  }

  /** A message as templates read it, its thought apart from its answer. */
  #turn({ role, content, reasoning, toolCalls, toolCallId }: ChatMessage): TemplateMessage {
    if (role !== "assistant") return { role, content: this.asText(content), ...(toolCallId && { toolCallId }) };
    const calls = toolCalls?.map((call) => ({
      ...call,
      arguments: this.asText(call.arguments),
      // Not of the text above: there, control tokens may hide behind escape sequences.
      value: withTexts(jsonObject(call.arguments), (text) => this.asText(text)),
    }));
    const apart = reasoning === undefined ? leadingThought(this.thoughts, content) : { reasoning, text: content };
    return {
      role,
      content: this.asText(apart.text),
      ...(apart.reasoning !== "" && { reasoning_content: this.asText(apart.reasoning) }),
      ...(calls && { toolCalls: calls }),
    };
  }
}

function parseJson<S extends v.GenericSchema>(text: string, file: string, schema: S): v.InferOutput<S> {
  let value: unknown;
  try {
    value = parsePythonJson(text);
  } catch (cause) {
    throw new MicrogridError("file-corrupt", `${file} is damaged or cut off. Remove the model and load it again.`, {
      cause,
    });
  }
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw new MicrogridError("not-a-model", `${file} does not look like a tokenizer's: ${result.issues[0].message}.`);
}

function defaultTemplate(
  template: string | readonly { name: string; template: string }[] | undefined,
): string | undefined {
  if (template === undefined || typeof template === "string") return template;
  return (template.find((entry) => entry.name === "default") ?? template[0])?.template;
}

/** Texts of the special tokens that templates name; empty for those that the model does not have. */
function specialTokens(config: v.InferOutput<typeof TokenizerConfig>): Record<(typeof SPECIALS)[number], string> {
  const textOf = (name: (typeof SPECIALS)[number]): string => {
    const token = config[name];
    return typeof token === "string" ? token : (token?.content ?? "");
  };
  return Object.fromEntries(SPECIALS.map((name) => [name, textOf(name)])) as ReturnType<typeof specialTokens>;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
