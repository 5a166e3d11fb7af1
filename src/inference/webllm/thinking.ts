/** Thinking of MLC models. WebLLM writes their chats, so their own templates only tell what they can do. */
import { MicrogridError } from "../../core";
import type { ChatTokenizer } from "../tokenizer";
import type { ChatAbilities, GenerationRequest } from "../types";

/** The variables by which a request sets thinking; requests for other models use the same names. */
const SWITCHES: readonly string[] = ["enable_thinking", "thinking"];
const EFFORT = "reasoning_effort";
const NO_EFFORT = "none";

/** The abilities of a model as its own template shows them; undefined if it brings no template. */
export function abilitiesOf({ abilities, thoughts }: ChatTokenizer): ChatAbilities | undefined {
  if (!abilities) return undefined;
  // WebLLM can keep a model from thinking, and not make one think that does not by itself.
  const isSwitch = abilities.thinks && abilities.thinking === "switch" && thoughts.empty !== undefined;
  return { system: true, thinks: abilities.thinks, ...(isSwitch && { thinking: "switch" }), remembers: false };
}

/**
 * The text with which the prompt ends so that the answer has no thought, as WebLLM itself does it: an empty one. It is empty if
 * the request does not ask for that. Throws `bad-request` for any other variable, and for a model that cannot be told.
 */
export function emptyThought(
  { template = {} }: Pick<GenerationRequest, "template">,
  {
    name,
    chat,
    tokenizer,
  }: { readonly name: string; readonly chat?: ChatAbilities | undefined; readonly tokenizer: ChatTokenizer },
): string {
  let off = false;
  for (const [variable, value] of Object.entries(template)) {
    const known = chat?.thinking === "switch" && (SWITCHES.includes(variable) || variable === EFFORT);
    if (!known) {
      throw new MicrogridError(
        "bad-request",
        `${name} does not know “${variable}”, since WebLLM writes its chats. Leave it out, or choose an ONNX model.`,
        { field: `template.${variable}` },
      );
    }
    off = variable === EFFORT ? value === NO_EFFORT : value === false;
  }
  return off ? (tokenizer.thoughts.empty ?? "") : "";
}
