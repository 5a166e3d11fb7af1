/** A model's tokenizer and chat template, read from its package. */
import { Template } from "@huggingface/jinja";
import { Tokenizer } from "@huggingface/tokenizers";
import * as v from "valibot";
import { MicrogridError, parsePythonJson, toHex, toMicrogridError } from "../../core";
import type { ChatMessage } from "../types";

const TokenText = v.union([v.string(), v.object({ content: v.string() })]);
const TokenizerConfig = v.looseObject({
  chat_template: v.optional(
    v.nullable(v.union([v.string(), v.array(v.object({ name: v.string(), template: v.string() }))])),
  ),
  bos_token: v.optional(v.nullable(TokenText)),
  eos_token: v.optional(v.nullable(TokenText)),
  pad_token: v.optional(v.nullable(TokenText)),
  unk_token: v.optional(v.nullable(TokenText)),
});
const TokenizerFile = v.looseObject({ model: v.looseObject({}) });

/** The texts that a tokenizer is made of, as they lie in a model's package. */
interface TokenizerFiles {
  /** `tokenizer.json`. */
  readonly tokenizer: string;
  /** `tokenizer_config.json`; undefined if the package has none. */
  readonly config: string | undefined;
  /** `chat_template.jinja`, which wins over the template in the configuration. */
  readonly template: string | undefined;
}

/** Turns chats into token ids and token ids into text, for one model. */
export class ChatTokenizer {
  /** SHA-256 of `tokenizer.json` in hexadecimal: equal hashes give equal ids. */
  readonly hash: string;
  /** Id of the configuration's end-of-text token, where it names one. */
  readonly eosId: number | undefined;
  readonly #tokenizer: Tokenizer;
  readonly #template: Template | undefined;
  readonly #specials: Record<string, string>;

  private constructor(
    hash: string,
    tokenizer: Tokenizer,
    template: Template | undefined,
    specials: Record<string, string>,
  ) {
    this.hash = hash;
    this.#tokenizer = tokenizer;
    this.#template = template;
    this.#specials = specials;
    this.eosId = specials.eos_token === undefined ? undefined : tokenizer.token_to_id(specials.eos_token);
  }

  /** Parses the files. Throws `file-corrupt` for invalid JSON, `unsupported-model` for an unknown kind of tokenizer. */
  static async parse(files: TokenizerFiles): Promise<ChatTokenizer> {
    const json = parseJson(files.tokenizer, "tokenizer.json", TokenizerFile);
    const config = files.config === undefined ? {} : parseJson(files.config, "tokenizer_config.json", TokenizerConfig);
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(files.tokenizer));
    const source = files.template ?? defaultTemplate(config.chat_template ?? undefined);
    try {
      const template = source === undefined ? undefined : new Template(source);
      return new ChatTokenizer(
        toHex(new Uint8Array(digest)),
        new Tokenizer(json, config),
        template,
        specialTokens(config),
      );
    } catch (error) {
      throw toMicrogridError(
        error,
        "unsupported-model",
        `The tokenizer or chat template of this model cannot be used here (${reason(error)}). Choose another model.`,
      );
    }
  }

  /**
   * The chat as the model expects to read it, ready for its answer.
   * Throws `unsupported-model` if the model has no chat template, `bad-request` if the template refuses the chat.
   */
  render(messages: readonly ChatMessage[]): string {
    if (!this.#template) {
      throw new MicrogridError(
        "unsupported-model",
        "This model has no chat template, so it cannot hold a conversation. Choose a model that was made for chat.",
      );
    }
    try {
      return this.#template.render({ messages, add_generation_prompt: true, ...this.#specials });
    } catch (error) {
      throw new MicrogridError("bad-request", `This model's chat template refuses these messages: ${reason(error)}.`, {
        cause: error,
      });
    }
  }

  /** Token ids of a rendered chat, or of plain text; nothing is added. */
  encode(text: string): number[] {
    return text === "" ? [] : this.#tokenizer.encode(text, { add_special_tokens: false }).ids;
  }

  /** Text of the ids, special tokens left out. An unfinished character at the end shows as U+FFFD. */
  decode(ids: readonly number[]): string {
    if (ids.length === 0) return "";
    return this.#tokenizer.decode([...ids], { skip_special_tokens: true, clean_up_tokenization_spaces: false });
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

function specialTokens(config: v.InferOutput<typeof TokenizerConfig>): Record<string, string> {
  const specials: Record<string, string> = {};
  for (const name of ["bos_token", "eos_token", "pad_token", "unk_token"] as const) {
    const token = config[name];
    if (token) specials[name] = typeof token === "string" ? token : token.content;
  }
  return specials;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
