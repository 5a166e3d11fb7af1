/** A model's chat template: what it can do, found by trying it, and the chats that it writes. */
import { MicrogridError } from "../../core";
import { localTime } from "../local-time";
import type { ChatAbilities, GenerationRequest } from "../types";
import { type ToolDefinition, type ToolFormatName, detectToolFormat, genericChat } from "../tools";
import { TemplateRefusal, compileTemplate } from "./jinja";
import {
  TRIAL_CHAT,
  TRIAL_OFFER,
  TRIAL_TOOLS,
  type ToolWay,
  showsCall,
  showsTool,
  templateTurns,
  toolWays,
} from "./tool-turns";
import { type TemplateMessage, chatForms } from "./turns";

/** The parts of a request, besides its messages, that a prompt depends on. */
export interface PromptSettings extends Pick<GenerationRequest, "localTime" | "template"> {
  /** The tools that the answer may call. */
  readonly tools?: readonly ToolDefinition[];
}

/** Texts of the chats that a new template is tried with: no template and no model has them for anything else. */
const SYSTEM = "System Sandpiper.";
const QUESTION = "Question Quokka.";
const ANSWER = "Answer Axolotl.";
const THOUGHT = "Thought Tapir.";
const TRIAL_TIME = "2026-01-02T03:04:05";

type Template = NonNullable<PromptSettings["template"]>;

/** Variables that switch thinking on and off, as templates name them; requests use the first name. */
const SWITCHES: readonly string[] = ["enable_thinking", "thinking"];
/** The variable for how much a model thinks, and the value for not at all. */
const EFFORT = "reasoning_effort";
const NO_EFFORT = "none";
/** Names that mean something else in every template. */
const RESERVED: ReadonlySet<string> = new Set(
  [
    "messages",
    "add_generation_prompt",
    "tools",
    "xml_tools",
    "documents",
    "loop",
    "namespace",
    "range",
    "true",
    "false",
    "none",
  ].concat(["True", "False", "None"]),
);

/** Writes chats as one model reads them. */
export class ChatTemplate {
  readonly source: string;
  readonly abilities: ChatAbilities;
  readonly #template: ReturnType<typeof compileTemplate>;
  readonly #specials: Readonly<Record<string, string>>;
  /** How the template takes tools; undefined if it has no place for them. */
  readonly #way: ToolWay | undefined;

  /**
   * Tries the template with short chats. `specials` are names and texts of special tokens, such as `bos_token`; `isToken` says
   * whether the tokenizer has a control token. Throws `unsupported-model` if it does not even write a single question.
   */
  constructor(
    source: string,
    specials: Readonly<Record<string, string>>,
    isToken: (text: string) => boolean = () => false,
  ) {
    this.source = source;
    this.#specials = specials;
    try {
      this.#template = compileTemplate(source);
      this.#write([{ role: "user", content: QUESTION }]);
    } catch (error) {
      throw unusable(error);
    }
    const format = detectToolFormat((text) => source.includes(text) || isToken(text));
    this.#way = format && this.#triedWays(format);
    this.abilities = { ...this.#tried(), tools: this.#way && format ? format : "generic" };
  }

  /**
   * The chat, up to where the answer begins. A chat that the template refuses is mended: empty answers are left out, turns of the
   * same side joined, system messages put before the next question, and calls written one at a time or as text. A template that
   * has no place for tools gets them as text.
   * Throws `bad-request` if the template refuses it all the same or does not know a variable, `unsupported-model` if the
   * template has a fault.
   */
  write(messages: readonly TemplateMessage[], asked: PromptSettings = {}): string {
    const settings = { ...asked, template: this.#known(asked.template ?? {}) };
    const chat = this.#way ? messages : genericChat(messages, settings.tools ?? []);
    let first: unknown;
    for (const form of chatForms(chat, this.abilities.system)) {
      try {
        return this.#write(form, settings);
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

  /** The first way in which the template writes a tool, a call and its result; undefined if there is none. */
  #triedWays(format: ToolFormatName): ToolWay | undefined {
    const settings = { localTime: TRIAL_TIME, tools: TRIAL_TOOLS };
    const shows = (way: ToolWay): boolean => {
      const text = (chat: readonly TemplateMessage[]): string => this.#write(chat, settings, { way, format });
      try {
        return showsTool(text(TRIAL_OFFER)) && showsCall(text(TRIAL_CHAT));
      } catch {
        return false;
      }
    };
    return [...toolWays(format)].find(shows);
  }

  /** The abilities that short chats show. */
  #tried(): Omit<ChatAbilities, "tools"> {
    const text = (chat: readonly TemplateMessage[], template: Template = {}): string => {
      try {
        return this.#write(chat, { localTime: TRIAL_TIME, template });
      } catch {
        return "";
      }
    };
    const question: TemplateMessage = { role: "user", content: QUESTION };
    const answer: TemplateMessage = { role: "assistant", content: ANSWER, reasoning_content: THOUGHT };
    const toggle = this.#switch;
    const on = toggle && text([question], { [toggle]: true });
    const switched = toggle !== undefined && on !== text([question], { [toggle]: false });
    const [low, high] = ["low", "high"].map((effort) => text([question], { [EFFORT]: effort }));
    const plain = text([question]);
    const thinking = low !== high ? "effort" : switched ? "switch" : undefined;
    return {
      system: text([{ role: "system", content: SYSTEM }, question]).includes(SYSTEM),
      ...(text([question, question]) === "" && { alternates: true }),
      thinks: thinking === "switch" ? plain === on : thinking === "effort" || /<think>\s*$/.test(plain),
      ...(thinking && { thinking }),
      remembers: text([question, answer, question]).includes(THOUGHT),
    };
  }

  /** The variable that switches thinking; undefined if there is none. */
  get #switch(): string | undefined {
    return SWITCHES.find((name) => this.#template.names.has(name));
  }

  /** The variables of a request under the names that the template has for them. Throws `bad-request` for any other. */
  #known(asked: Template): Template {
    const named = Object.entries(asked).map(([name, value]): [string, Template[string]] => {
      const toggle = this.#switch;
      if (this.#template.names.has(name) && !RESERVED.has(name) && !Object.hasOwn(this.#specials, name))
        return [name, value];
      if (SWITCHES.includes(name) && toggle !== undefined) return [toggle, value];
      if (name === EFFORT && toggle !== undefined) return [toggle, value !== NO_EFFORT];
      throw new MicrogridError(
        "bad-request",
        `The chat template of this model does not know “${name}”. Leave it out, or choose another model.`,
        { field: `template.${name}` },
      );
    });
    return Object.fromEntries(named);
  }

  #write(
    messages: readonly TemplateMessage[],
    settings: PromptSettings = {},
    {
      answering = true,
      way = this.#way,
      format = this.abilities?.tools ?? "generic",
    }: { answering?: boolean; way?: ToolWay | undefined; format?: ToolFormatName } = {},
  ): string {
    const { template, tools = [], localTime: time = localTime(new Date()) } = settings;
    const values = {
      ...template,
      ...this.#specials,
      messages: way ? templateTurns(messages, way, format) : messages,
      ...(way && tools.length > 0 && { [way.variable]: tools }),
      add_generation_prompt: answering,
    };
    return this.#template.render(values, time);
  }
}

function refusal(error: TemplateRefusal): MicrogridError {
  return new MicrogridError(
    "bad-request",
    `This model takes no chat of this form: its chat template says “${error.message}”.`,
    { cause: error, field: "messages" },
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
