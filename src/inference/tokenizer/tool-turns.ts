/** Calls and results as chat templates take them. Templates differ in that, so a new one is tried. */
import { fnv1a, utf8 } from "../../core";
import { CALL_FORMATS, type ToolDefinition, type ToolFormatName, jsonObject } from "../tools";
import type { TemplateMessage } from "./turns";

/** The way in which a template takes tools. */
export interface ToolWay {
  /** The variable with the tools. */
  readonly variable: "tools" | "xml_tools";
  /** Whether the arguments of a call are an object or its JSON text. */
  readonly arguments: "object" | "text";
  /** The content of an answer that only calls tools. */
  readonly empty: string | null;
  /** Mistral wants ids of nine letters and digits. */
  readonly ids: "own" | "short";
  /** Whether calls are fields of a message, or text in the model's own form since the template leaves out such fields. */
  readonly calls: "fields" | "content";
  /** Whether results are turns, or part of the answer with the call. */
  readonly results: "turns" | "responses";
}

/** A message as it is passed to a template. */
type Turn = Readonly<Record<string, unknown>>;

/** Texts of the chat that a new template is tried with: no template and no model has them for anything else. */
const TRIAL_TOOL = "weigh_wombat";
const TRIAL_KEY = "kilo_koala";
const TRIAL_ARGUMENT = "Value Vole";
const TRIAL_RESULT = "Result Raven";
const TRIAL_CALL = "call_capybara_1";
const QUESTION: TemplateMessage = { role: "user", content: "Question Quokka." };

/** The tool of the trial. */
export const TRIAL_TOOLS: readonly ToolDefinition[] = [
  {
    type: "function",
    function: {
      name: TRIAL_TOOL,
      description: "Describes Dingo.",
      parameters: { type: "object", properties: { [TRIAL_KEY]: { type: "string", description: "Key." } } },
    },
  },
];
/** A chat in which a tool is offered but not called. */
export const TRIAL_OFFER: readonly TemplateMessage[] = [QUESTION];
/** A chat in which it is called. */
export const TRIAL_CHAT: readonly TemplateMessage[] = [
  QUESTION,
  {
    role: "assistant",
    content: "",
    toolCalls: [
      {
        id: TRIAL_CALL,
        name: TRIAL_TOOL,
        arguments: JSON.stringify({ [TRIAL_KEY]: TRIAL_ARGUMENT }),
        value: { [TRIAL_KEY]: TRIAL_ARGUMENT },
      },
    ],
  },
  { role: "tool", content: TRIAL_RESULT, toolCallId: TRIAL_CALL },
];

/** Whether the text of a prompt describes the tool. */
export const showsTool = (text: string): boolean => text.includes(TRIAL_TOOL) && text.includes(TRIAL_KEY);

/** Whether it contains the call, with arguments that were not quoted twice, and then the result. */
export function showsCall(text: string): boolean {
  const offer = text.lastIndexOf(TRIAL_TOOL, text.indexOf(TRIAL_ARGUMENT));
  const call = text.slice(Math.max(offer, 0));
  return (
    new RegExp(`^${TRIAL_TOOL}[^]*${TRIAL_KEY}[^]*${TRIAL_ARGUMENT}[^]*${TRIAL_RESULT}`).test(call) &&
    !call.includes(`\\"${TRIAL_KEY}`)
  );
}

/** All ways, the common ones first. */
export function* toolWays(format: ToolFormatName): Generator<ToolWay> {
  const byContent =
    CALL_FORMATS[format].written === undefined ? (["fields"] as const) : (["fields", "content"] as const);
  for (const variable of ["tools", "xml_tools"] as const)
    for (const calls of byContent)
      for (const results of ["turns", "responses"] as const)
        for (const ids of ["own", "short"] as const)
          for (const args of ["object", "text"] as const)
            for (const empty of ["", null]) yield { variable, arguments: args, empty, ids, calls, results };
}

/** The messages of a chat as a template takes them. */
export function templateTurns(messages: readonly TemplateMessage[], way: ToolWay, format: ToolFormatName): Turn[] {
  const names = new Map(
    messages.flatMap(({ toolCalls = [] }) => toolCalls.map(({ id, name }): [string, string] => [id, name])),
  );
  const turns: Turn[] = [];
  for (const { toolCalls, toolCallId, ...message } of messages) {
    if (toolCallId !== undefined) {
      const name = names.get(toolCallId) ?? "";
      const last = turns.at(-1);
      if (way.results === "responses" && last?.tool_calls !== undefined) {
        const earlier = (last.tool_responses ?? []) as readonly unknown[];
        const response = { name, response: jsonObject(message.content) ?? message.content };
        turns.splice(-1, 1, { ...last, tool_responses: [...earlier, response] });
      } else turns.push({ ...message, tool_call_id: idOf(toolCallId, way), name });
    } else if (toolCalls === undefined) turns.push(message);
    else if (way.calls === "content") {
      turns.push({ ...message, content: message.content + (CALL_FORMATS[format].written?.(toolCalls) ?? "") });
    } else {
      const calls = toolCalls.map((call) => ({
        id: idOf(call.id, way),
        type: "function",
        function: {
          name: call.name,
          arguments: way.arguments === "text" ? call.arguments : (call.value ?? call.arguments),
        },
      }));
      turns.push({ ...message, content: message.content === "" ? way.empty : message.content, tool_calls: calls });
    }
  }
  return turns;
}

/** An id as the template takes it. */
function idOf(id: string, { ids }: ToolWay): string {
  const hash = fnv1a(utf8(id)).toString(36).padStart(9, "0");
  return ids === "own" || /^[a-z0-9]{9}$/i.test(id) ? id : hash;
}
