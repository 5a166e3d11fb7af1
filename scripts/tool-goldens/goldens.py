"""Makes src/inference/testing/tool-goldens.json: prompts with tools, written by Jinja2 as Transformers runs it.

The chats are below, in the form that users of Transformers pass to `apply_chat_template`. `FAMILIES` says how the published
templates of a family want calls, from their model cards. Needs `jinja2`.

    TOOL_FIXTURES=/tmp/tools npx vitest run src/inference/tokenizer/tool-templates.test.ts
    python3 scripts/tool-goldens/goldens.py /tmp/tools
"""
import copy
import json
import sys
from datetime import datetime
from pathlib import Path

import jinja2
from jinja2.ext import Extension
from jinja2.sandbox import ImmutableSandboxedEnvironment

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tells the weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "Name, such as \"Zürich\" <or> it's 'Bern'."},
                "days": {"type": "integer"},
                "units": {"type": "string", "enum": ["metric", "imperial"]},
            },
            "required": ["city"],
        },
    },
}
STOP = {"type": "function", "function": {"name": "stop", "description": "", "parameters": {"type": "object", "properties": {}}}}


def call(number, name, **arguments):
    return {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": arguments}}


def result(number, name, content):
    return {"role": "tool", "tool_call_id": f"call_{number}", "name": name, "content": content}


SYSTEM = {"role": "system", "content": "Be brief."}
ASK = {"role": "user", "content": "How is the weather?"}
CHATS = {
    "offer": [ASK],
    "offer with instructions": [SYSTEM, ASK],
    "result": [
        ASK,
        {"role": "assistant", "content": "", "tool_calls": [call(1, "get_weather", city="Zürich", days=2)]},
        result(1, "get_weather", "{\"sky\": \"grey\", \"wind\": [1.5, true]}"),
    ],
    "two calls and an answer": [
        SYSTEM,
        ASK,
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [call(1, "get_weather", city="a \"b\"\n<c>", units="metric"), call(2, "stop")],
        },
        result(1, "get_weather", "Rain's likely."),
        result(2, "stop", "true"),
        {"role": "assistant", "content": "It rains."},
        {"role": "user", "content": "And tomorrow?"},
    ],
}
#: Differences from the common form: a variable, text instead of objects, no content, one call at a time, ids, results.
FAMILIES = {
    "qwen25": {},
    "qwen3Coder": {},
    "smollm3": {"variable": "xml_tools"},
    "llama32": {"single": True},
    "mistralV3": {"ids": {"call_1": "001a5lpmx", "call_2": "0019bmwk0"}},
    "ministral3": {},
    "phi4": {},
    "granite33": {"content": lambda calls: "<|tool_call|>" + json.dumps([short(c) for c in calls], ensure_ascii=False)},
    "lfm2": {"content": lambda calls: "<|tool_call_start|>[" + ", ".join(python_call(c) for c in calls) + "]<|tool_call_end|>"},
    "gptOss": {"single": True},
    "deepseekV3": {"text": True, "none": True},
    "gemma4": {"responses": True},
    "functionGemma": {},
}


def short(tool_call):
    return tool_call["function"]


def python_call(tool_call):
    function = tool_call["function"]
    fields = [f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in function["arguments"].items()]
    return f"{function['name']}({', '.join(fields)})"


def in_form(messages, form):
    """The chat in the form of a family."""
    messages = copy.deepcopy(messages)
    if form.get("single"):
        messages = list(single(messages))
    turns = []
    for message in messages:
        calls = message.get("tool_calls", [])
        if calls and "content" in form:
            message["content"] = form["content"](message.pop("tool_calls"))
        elif calls and form.get("none"):
            message["content"] = None
        for entry in calls:
            entry["id"] = form.get("ids", {}).get(entry["id"], entry["id"])
            if form.get("text"):
                entry["function"]["arguments"] = json.dumps(entry["function"]["arguments"], ensure_ascii=False)
        if message["role"] == "tool":
            message["tool_call_id"] = form.get("ids", {}).get(message["tool_call_id"], message["tool_call_id"])
            if form.get("responses"):
                try:
                    response = json.loads(message["content"])
                    response = response if isinstance(response, dict) else message["content"]
                except ValueError:
                    response = message["content"]
                turns[-1].setdefault("tool_responses", []).append({"name": message["name"], "response": response})
                continue
        turns.append(message)
    return turns


def single(messages):
    results = {message["tool_call_id"]: message for message in messages if message["role"] == "tool"}
    for message in messages:
        calls = message.get("tool_calls", [])
        if message["role"] == "tool":
            continue
        if not calls:
            yield message
        for number, entry in enumerate(calls):
            yield {"role": "assistant", "content": message["content"] if number == 0 else "", "tool_calls": [entry]}
            yield results[entry["id"]]


class Generation(Extension):
    """The tag that marks answers, which writes nothing."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

    def _body(self, caller):
        return caller()


def environment():
    """Jinja2 with the settings and functions of `transformers.utils.chat_template_utils`."""
    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols]
    )

    def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = lambda form: datetime(2026, 9, 3).strftime(form)
    return env


def ours(messages):
    """The chat as requests to Microgrid have it."""
    chat = []
    for message in messages:
        plain = {"role": message["role"], "content": message["content"]}
        if "tool_call_id" in message:
            plain["toolCallId"] = message["tool_call_id"]
        if "tool_calls" in message:
            plain["toolCalls"] = [
                {
                    "id": entry["id"],
                    "name": entry["function"]["name"],
                    "arguments": json.dumps(entry["function"]["arguments"], ensure_ascii=False),
                }
                for entry in message["tool_calls"]
            ]
        chat.append(plain)
    return chat


def main():
    folder = Path(sys.argv[1])
    prompts = {}
    for family, form in FAMILIES.items():
        template = environment().from_string((folder / f"{family}.jinja").read_text())
        prompts[family] = {
            name: template.render(
                messages=in_form(messages, form),
                add_generation_prompt=True,
                bos_token="<s>",
                eos_token="</s>",
                **{form.get("variable", "tools"): [WEATHER, STOP]},
            )
            for name, messages in CHATS.items()
        }
    golden = {
        "tools": [
            {
                "name": tool["function"]["name"],
                "description": tool["function"]["description"],
                "parameters": json.dumps(tool["function"]["parameters"], ensure_ascii=False),
            }
            for tool in [WEATHER, STOP]
        ],
        "chats": {name: ours(messages) for name, messages in CHATS.items()},
        "prompts": prompts,
    }
    path = Path(__file__).parents[2] / "src/inference/testing/tool-goldens.json"
    path.write_text(json.dumps(golden, ensure_ascii=False, indent=2) + "\n")


main()
