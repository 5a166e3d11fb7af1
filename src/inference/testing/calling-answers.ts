/** Answers that call tools, as the models of each family write them. */
import type { Tool, ToolFormatName } from "../tools";

/** The tools that they call. */
export const TOOLS: readonly Tool[] = [
  {
    name: "get_weather",
    parameters: JSON.stringify({
      type: "object",
      properties: {
        city: { type: "string" },
        days: { type: "integer" },
        options: { type: "object" },
        on: { type: "boolean" },
      },
    }),
  },
  { name: "stop" },
];

const weather = (args: object) => ({ name: "get_weather", arguments: args });
const stop = { name: "stop", arguments: {} };
const paris = { city: "Paris", days: 3 };
const rich = {
  city: 'Frankfurt "Main"\n{}',
  days: -1.5e3,
  options: { list: [1, [true, null], {}], "a b": "\\" },
  on: false,
};
const RICH = JSON.stringify(rich);

/** A form, an answer in it, the text in the answer, and the calls. */
export const CALLING_ANSWERS: readonly [ToolFormatName, string, string, readonly object[]][] = [
  [
    "hermes",
    `Let me see.\n<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris", "days": 3}}\n</tool_call>`,
    "Let me see.",
    [weather(paris)],
  ],
  [
    "hermes",
    `<tool_call>\n{"name": "get_weather", "arguments": ${RICH}}\n</tool_call>\n<tool_call>\n{"name": "stop", "arguments": {}}\n</tool_call>`,
    "",
    [weather(rich), stop],
  ],
  // Fields in another order, arguments as a string, no arguments, a bracket too many, no end.
  ["hermes", `<tool_call>{"arguments": ${RICH}, "name": "get_weather"}</tool_call>`, "", [weather(rich)]],
  [
    "hermes",
    `<tool_call>{"name": "get_weather", "arguments": ${JSON.stringify(RICH)}}</tool_call>`,
    "",
    [weather(rich)],
  ],
  ["hermes", `<tool_call>{"name": "stop"}</tool_call> Done.`, " Done.", [stop]],
  ["hermes", `<tool_call>{"name": "stop", "arguments": null}}</tool_call>`, "", [stop]],
  ["hermes", `<tool_call>{"name": "get_weather", "arguments": {"city": "Paris", "days": 3,}}`, "", [weather(paris)]],
  [
    "hermes",
    `<tool_call>{"type": "function", "function": {"name": "get_weather", "arguments": {"city": "a\nb", "on": True}}}`,
    "",
    [weather({ city: "a\nb", on: true })],
  ],
  [
    "generic",
    `<tool_call>[{"name": "stop", "arguments": {}}, {"name": "get_weather", "arguments": {"days": 0}}]</tool_call>`,
    "",
    [stop, weather({ days: 0 })],
  ],
  [
    "qwen-xml",
    `Yes.\n\n<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>`,
    "Yes.",
    [weather(paris)],
  ],
  [
    "qwen-xml",
    `<tool_call>\n<function=get_weather>\n<parameter=city>\n${rich.city}\n</parameter>\n<parameter=days>-1.5e3</parameter><parameter=options>\n${JSON.stringify(rich.options)}\n</parameter>\n<parameter=on>\nFalse\n</parameter>\n</function>\n</tool_call>\n<tool_call>\n<function=stop>\n</function>\n</tool_call>`,
    "",
    [weather(rich), stop],
  ],
  [
    "qwen-xml",
    `<function=get_weather>\n<parameter=city>\n7\n</parameter>\n<parameter=days>\nsoon\n</parameter>\n</function>`,
    "",
    [weather({ city: "7", days: "soon" })],
  ],
  ["llama-json", `{"name": "get_weather", "parameters": ${RICH}}`, "", [weather(rich)]],
  [
    "llama-json",
    `<|python_tag|>{"type": "function", "name": "get_weather", "parameters": {"days": 3}}; {"name": "stop", "parameters": {}}`,
    "",
    [weather({ days: 3 }), stop],
  ],
  ["pythonic", `[get_weather(city="Paris", days=3), stop()]`, "", [weather(paris), stop]],
  [
    "pythonic",
    `<|python_start|>[get_weather(city='Frankfurt "Main"\\n{}', days=-1.5e3, options={'list': [1, (True, None), {}], "a b": "\\\\"}, on=False,)]<|python_end|>`,
    "",
    [weather(rich)],
  ],
  [
    "pythonic",
    `[get_weather(city="a" 'b' """c\n"d" """, days=+1_000)]`,
    "",
    [weather({ city: 'abc\n"d" ', days: 1000 })],
  ],
  ["pythonic", `[get_weather(city="\\u00e4\\x41\\U0001f600\\q\\'")]`, "", [weather({ city: "äA😀\\q'" })]],
  [
    "lfm2",
    `<|tool_call_start|>[get_weather(city="Paris", days=3)]<|tool_call_end|>Checking now.`,
    "Checking now.",
    [weather(paris)],
  ],
  ["lfm2", `<|tool_call_start|>[{"name": "get_weather", "arguments": ${RICH}}]<|tool_call_end|>`, "", [weather(rich)]],
  [
    "mistral-list",
    `[TOOL_CALLS] [{"name": "get_weather", "arguments": {"city": "Paris", "days": 3}, "id": "abcdefghi"}, {"name": "stop", "arguments": {}}]`,
    "",
    [weather(paris), stop],
  ],
  [
    "mistral-args",
    `One moment.[TOOL_CALLS]get_weather[CALL_ID]abcdefghi[ARGS]${RICH}[TOOL_CALLS]stop[ARGS]{}`,
    "One moment.",
    [weather(rich), stop],
  ],
  ["mistral-args", `[TOOL_CALLS]get_weather{"city": "Paris", "days": 3}`, "", [weather(paris)]],
  ["phi4", `<|tool_call|>[{"name": "get_weather", "arguments": ${RICH}}]<|/tool_call|>`, "", [weather(rich)]],
  [
    "granite",
    `<|tool_call|>[{"name": "get_weather", "arguments": {"city": "Paris", "days": 3}}, {"name": "stop", "arguments": {}}]`,
    "",
    [weather(paris), stop],
  ],
  [
    "harmony",
    `<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>${RICH}<|call|>`,
    "",
    [weather(rich)],
  ],
  ["harmony", ` to=functions.stop<|channel|>commentary json<|message|>{}`, "", [stop]],
  [
    "harmony",
    `Wait.<|start|>assistant to=functions.get_weather<|channel|>commentary <|constrain|>json<|message|>{"city":"Paris","days":3}`,
    "Wait.",
    [weather(paris)],
  ],
  [
    "deepseek",
    `Fine.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n\`\`\`json\n${RICH}\n\`\`\`<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>stop\n\`\`\`json\n{}\n\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
    "Fine.",
    [weather(rich), stop],
  ],
  [
    "deepseek",
    `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{"city": "Paris", "days": 3}<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
    "",
    [weather(paris)],
  ],
  [
    "function-gemma",
    `<start_function_call>call:get_weather{city:<escape>Paris<escape>,days:3}<end_function_call><start_function_call>call:stop{}<end_function_call>`,
    "",
    [weather(paris), stop],
  ],
  [
    "gemma4",
    `<|tool_call>call:get_weather{city:<|"|>Frankfurt "Main"\n{}<|"|>,days:-1.5e3,options:{list:[1,[true,null],{}],<|"|>a b<|"|>:<|"|>\\<|"|>},on:false}<tool_call|>`,
    "",
    [weather(rich)],
  ],
];
