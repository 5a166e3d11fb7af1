/** A model's chat template: what it can do, found by trying it, and the chats that it writes. */
import { MicrogridError } from "../../core";
import { localTime } from "../local-time";
import type { GenerationRequest } from "../types";
import { TemplateRefusal, compileTemplate } from "./jinja";
import { type TemplateMessage, joinedTurns, mergedSystem } from "./turns";

/** The parts of a request, besides its messages, that a prompt depends on. */
export type PromptSettings = Pick<GenerationRequest, "localTime">;

/** Texts of the chats that a new template is tried with: no template and no model has them for anything else. */
const SYSTEM = "System Sandpiper.";
const QUESTION = "Question Quokka.";
const ANSWER = "Answer Axolotl.";

/** Writes chats as one model reads them. */
export class ChatTemplate {
  /** False if the template has no place for a system message, which then goes before the first question. */
  readonly system: boolean;
  readonly #template: ReturnType<typeof compileTemplate>;
  readonly #specials: Readonly<Record<string, string>>;

  /**
   * Tries the template with short chats. `specials` are names and texts of special tokens, such as `bos_token`.
   * Throws `unsupported-model` if it does not even write a single question.
   */
  constructor(source: string, specials: Readonly<Record<string, string>>) {
    this.#specials = specials;
    try {
      this.#template = compileTemplate(source);
      this.#write([{ role: "user", content: QUESTION }]);
    } catch (error) {
      throw unusable(error);
    }
    this.system = this.#accepts(
      [
        { role: "system", content: SYSTEM },
        { role: "user", content: QUESTION },
      ],
      SYSTEM,
    );
  }

  /**
   * The chat, up to where the answer begins. A chat that the template refuses is mended: empty answers are left out, turns
   * of the same side joined, and system messages put before the next question.
   * Throws `bad-request` if the template refuses it all the same, `unsupported-model` if the template has a fault.
   */
  write(messages: readonly TemplateMessage[], settings: PromptSettings = {}): string {
    const joined = joinedTurns(messages);
    const merged = joinedTurns(mergedSystem(messages));
    let first: unknown;
    for (const chat of this.system ? [messages, joined, merged] : [merged]) {
      try {
        return this.#write(chat, settings);
      } catch (error) {
        first ??= error;
      }
    }
    throw first instanceof TemplateRefusal ? refusal(first) : unusable(first);
  }

  /** The text that the template writes after a complete answer; empty if it writes none. */
  afterAnswer(): string {
    const chat: TemplateMessage[] = [
      { role: "user", content: QUESTION },
      { role: "assistant", content: ANSWER },
    ];
    try {
      const text = this.#write(chat, {}, { answering: false });
      return text.slice(text.lastIndexOf(ANSWER) + ANSWER.length);
    } catch {
      return "";
    }
  }

  #accepts(chat: readonly TemplateMessage[], shown: string): boolean {
    try {
      return this.#write(chat).includes(shown);
    } catch {
      return false;
    }
  }

  #write(
    messages: readonly TemplateMessage[],
    settings: PromptSettings = {},
    { answering } = { answering: true },
  ): string {
    const values = { ...this.#specials, messages, add_generation_prompt: answering };
    return this.#template.render(values, settings.localTime ?? localTime(new Date()));
  }
}

function refusal(error: TemplateRefusal): MicrogridError {
  return new MicrogridError(
    "bad-request",
    `This model takes no chat of this form: its chat template says “${error.message}”.`,
    { cause: error },
  );
}

function unusable(error: unknown): MicrogridError {
  const reason = error instanceof Error ? error.message : String(error);
  return new MicrogridError(
    "unsupported-model",
    `The chat template of this model cannot be used here (${reason}). Choose another model.`,
    { cause: error },
  );
}
