/** Keeps the tokenizer that was parsed last: large ones take seconds, and one model may be loaded in several variants. */
import { sha256, toHex, utf8 } from "../../core";
import { ChatTokenizer } from "../tokenizer";

type TokenizerFiles = Parameters<typeof ChatTokenizer.parse>[0];

/** Parses tokenizers, those of equal files only once as long as they are in use. */
export class KeptTokenizer {
  #kept: { readonly key: string; readonly tokenizer: Promise<ChatTokenizer> } | undefined;

  /** Rejects as `ChatTokenizer.parse` does. */
  async parse(files: TokenizerFiles): Promise<ChatTokenizer> {
    const { tokenizer: text, config, template } = files;
    const key = toHex(await sha256(utf8(JSON.stringify([text, config ?? null, template ?? null]))));
    if (this.#kept?.key === key) return this.#kept.tokenizer;
    const tokenizer = ChatTokenizer.parse(files);
    this.#kept = { key, tokenizer };
    tokenizer.catch(() => this.forget());
    return tokenizer;
  }

  /** Frees the tokenizer, when its model is loaded or unloaded. */
  forget(): void {
    this.#kept = undefined;
  }
}
