/** More chat templates with a place for tools, of families with a notation of their own. See `tool-templates.ts`. */

/** Stands around blocks of code. */
const FENCE = "```";

export const MORE_TOOL_TEMPLATES = {
  /** microsoft/Phi-4-mini-instruct, as its exporters for servers write it. */
  phi4: String.raw`
{%- if messages[0]["role"] == "system" %}{%- set system_message = messages[0]["content"] %}
{%- elif tools is defined %}{%- set system_message = "You are a helpful assistant with some tools." %}{%- endif %}
{%- if system_message is defined %}
    {{- '<|system|>' + system_message }}
    {%- if tools is defined %}{{- '<|tool|>' + (tools | tojson) + '<|/tool|>' }}{%- endif %}
    {{- '<|end|>' }}
{%- endif %}
{%- for message in messages %}
    {%- if message['role'] == 'tool' %}
        {{- '<|tool_response|>' + (message['content'] | tojson) + '<|end|>' }}
    {%- elif message['role'] != 'system' %}
        {{- '<|' + message['role'] + '|>' }}
        {%- if message.content %}{{- message['content'] }}{%- endif %}
        {%- if message.tool_calls %}
            {{- '<|tool_call|>[' }}
            {%- for tool_call in message.tool_calls %}{{- tool_call['function'] | tojson }}{{- ', ' if not loop.last }}{%- endfor %}
            {{- ']<|/tool_call|>' }}
        {%- endif %}
        {{- '<|end|>' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|assistant|>' }}{%- else %}{{- eos_token }}{%- endif %}`,

  /** ibm-granite/granite-3.3-2b-instruct: describes tools, but leaves out the calls of earlier answers. */
  granite33: String.raw`
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content'] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set system_message = "You are Granite." %}
    {%- if tools %}{%- set system_message = system_message + " When a tool is required, respond only with <|tool_call|> followed by a JSON list of tools used." %}{%- endif %}
    {%- set loop_messages = messages %}
{%- endif %}
{{- '<|start_of_role|>system<|end_of_role|>' + system_message + '<|end_of_text|>\n' }}
{%- if tools %}{{- '<|start_of_role|>available_tools<|end_of_role|>' }}{{- tools | tojson(indent=4) }}{{- '<|end_of_text|>\n' }}{%- endif %}
{%- for message in loop_messages %}
    {{- '<|start_of_role|>' + message['role'] + '<|end_of_role|>' + message['content'] + '<|end_of_text|>\n' }}
    {%- if loop.last and add_generation_prompt %}{{- '<|start_of_role|>assistant<|end_of_role|>' }}{%- endif %}
{%- endfor %}`,

  /** LiquidAI/LFM2-1.2B: describes tools, but leaves out the calls of earlier answers. */
  lfm2: String.raw`
{{- bos_token -}}
{%- set ns = namespace(system_prompt="") -%}
{%- if messages[0]["role"] == "system" -%}
    {%- set ns.system_prompt = messages[0]["content"] -%}
    {%- set messages = messages[1:] -%}
{%- endif -%}
{%- if tools -%}
    {%- set ns.system_prompt = ns.system_prompt + ("\n" if ns.system_prompt else "") + "List of tools: <|tool_list_start|>[" -%}
    {%- for tool in tools -%}
        {%- if tool is not string -%}{%- set tool = tool | tojson -%}{%- endif -%}
        {%- set ns.system_prompt = ns.system_prompt + tool -%}
        {%- if not loop.last -%}{%- set ns.system_prompt = ns.system_prompt + ", " -%}{%- endif -%}
    {%- endfor -%}
    {%- set ns.system_prompt = ns.system_prompt + "]<|tool_list_end|>" -%}
{%- endif -%}
{%- if ns.system_prompt -%}{{- "<|im_start|>system\n" + ns.system_prompt + "<|im_end|>\n" -}}{%- endif -%}
{%- for message in messages -%}
    {{- "<|im_start|>" + message["role"] + "\n" -}}
    {%- set content = message["content"] -%}
    {%- if content is not string -%}{%- set content = content | tojson -%}{%- endif -%}
    {%- if message["role"] == "tool" -%}{%- set content = "<|tool_response_start|>" + content + "<|tool_response_end|>" -%}{%- endif -%}
    {{- content + "<|im_end|>\n" -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- "<|im_start|>assistant\n" -}}{%- endif -%}`,

  /** openai/gpt-oss-20b: types of TypeScript, and calls as messages in a channel. */
  gptOss: String.raw`
{%- macro render_typescript_type(param_spec, required_params) -%}
    {%- if param_spec.type == "array" -%}
        {%- if param_spec['items'] -%}{{- render_typescript_type(param_spec['items'], required_params) + "[]" -}}{%- else -%}{{- "any[]" -}}{%- endif -%}
    {%- elif param_spec.type == "string" -%}
        {%- if param_spec.enum -%}{{- '"' + param_spec.enum|join('" | "') + '"' -}}{%- else -%}{{- "string" -}}{%- endif -%}
    {%- elif param_spec.type == "integer" or param_spec.type == "number" -%}{{- "number" -}}
    {%- elif param_spec.type == "boolean" -%}{{- "boolean" -}}
    {%- else -%}{{- "any" -}}{%- endif -%}
{%- endmacro -%}
{%- macro render_tool_namespace(namespace_name, tools) -%}
    {{- "## " + namespace_name + "\n\nnamespace " + namespace_name + " {\n\n" }}
    {%- for tool in tools %}
        {%- set tool = tool.function %}
        {{- "// " + tool.description + "\n" }}{{- "type "+ tool.name + " = " }}
        {%- if tool.parameters and tool.parameters.properties %}
            {{- "(_: {\n" }}
            {%- for param_name, param_spec in tool.parameters.properties.items() %}
                {%- if param_spec.description %}{{- "// " + param_spec.description + "\n" }}{%- endif %}
                {{- param_name }}
                {%- if param_name not in (tool.parameters.required or []) %}{{- "?" }}{%- endif -%}
                {{- ": " }}{{- render_typescript_type(param_spec, tool.parameters.required or []) }}
                {%- if not loop.last %}{{- ",\n" }}{%- else %}{{- "\n" }}{%- endif -%}
            {%- endfor %}
            {{- "}) => any;\n\n" }}
        {%- else -%}{{- "() => any;\n\n" }}{%- endif -%}
    {%- endfor %}
    {{- "} // namespace " + namespace_name }}
{%- endmacro -%}
{{- "<|start|>system<|message|>You are ChatGPT.\n# Valid channels: analysis, commentary, final." }}
{%- if tools -%}{{- "\nCalls to these tools must go to the commentary channel: 'functions'." }}{%- endif -%}
{{- "<|end|>" }}
{%- if messages[0].role == "developer" or messages[0].role == "system" %}
    {%- set developer_message = messages[0].content %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set developer_message = "" %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- if developer_message or tools %}
    {{- "<|start|>developer<|message|>" }}
    {%- if developer_message %}{{- "# Instructions\n\n" }}{{- developer_message }}{{- "\n\n" }}{%- endif %}
    {%- if tools -%}{{- "# Tools\n\n" }}{{- render_tool_namespace("functions", tools) }}{%- endif -%}
    {{- "<|end|>" }}
{%- endif %}
{%- set last_tool_call = namespace(name=none) %}
{%- for message in loop_messages -%}
    {%- if message.role == 'assistant' -%}
        {%- if "tool_calls" in message %}
            {%- if message.tool_calls|length > 1 %}{{- raise_exception("Only one tool call at a time.") }}{%- endif %}
            {%- if message.content %}{{- "<|start|>assistant<|channel|>analysis<|message|>" + message.content + "<|end|>" }}{%- endif %}
            {%- set tool_call = message.tool_calls[0].function %}
            {{- "<|start|>assistant to=" }}{{- "functions." + tool_call.name + "<|channel|>commentary " }}
            {{- (tool_call.content_type if tool_call.content_type is defined else "json") + "<|message|>" }}
            {{- tool_call.arguments|tojson }}{{- "<|call|>" }}
            {%- set last_tool_call.name = tool_call.name %}
        {%- else %}
            {{- "<|start|>assistant<|channel|>final<|message|>" + message.content + ("<|return|>" if loop.last and not add_generation_prompt else "<|end|>") }}
            {%- set last_tool_call.name = none %}
        {%- endif %}
    {%- elif message.role == 'tool' -%}
        {%- if last_tool_call.name == none %}{{- raise_exception("Message has tool role, but there was no previous assistant message with a tool call!") }}{%- endif %}
        {{- "<|start|>functions." + last_tool_call.name }}{{- " to=assistant<|channel|>commentary<|message|>" + message.content|tojson + "<|end|>" }}
    {%- elif message.role == 'user' -%}
        {{- "<|start|>user<|message|>" + message.content + "<|end|>" }}
    {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}<|start|>assistant{%- endif -%}`,

  /** deepseek-ai/DeepSeek-V3-0324: calls only where there is no content, and arguments as a text. */
  deepseekV3: String.raw`
{%- set ns = namespace(is_first=false, is_tool=false, is_output_first=true, system_prompt='') %}
{%- for message in messages %}{%- if message['role'] == 'system' %}{%- set ns.system_prompt = message['content'] %}{%- endif %}{%- endfor %}
{{- bos_token }}{{- ns.system_prompt }}
{%- if tools is defined and tools is not none %}
    {{- '\n\n## Tools\n' }}
    {%- for tool in tools %}{{- '\n### ' + tool.function.name + '\n' + tool.function.description + '\n' + (tool.function.parameters | tojson) + '\n' }}{%- endfor %}
{%- endif %}
{%- for message in messages %}
    {%- if message['role'] == 'user' %}
        {%- set ns.is_tool = false -%}{{- '<｜User｜>' + message['content'] }}
    {%- endif %}
    {%- if message['role'] == 'assistant' and message['content'] == none %}
        {%- set ns.is_tool = false -%}
        {%- for tool in message['tool_calls'] %}
            {%- if not ns.is_first %}
                {{- '<｜Assistant｜><｜tool▁calls▁begin｜><｜tool▁call▁begin｜>' + tool['type'] + '<｜tool▁sep｜>' + tool['function']['name'] + '\n' + '${FENCE}json' + '\n' + tool['function']['arguments'] + '\n' + '${FENCE}' + '<｜tool▁call▁end｜>' }}
                {%- set ns.is_first = true -%}
            {%- else %}
                {{- '\n' + '<｜tool▁call▁begin｜>' + tool['type'] + '<｜tool▁sep｜>' + tool['function']['name'] + '\n' + '${FENCE}json' + '\n' + tool['function']['arguments'] + '\n' + '${FENCE}' + '<｜tool▁call▁end｜>' }}
            {%- endif %}
        {%- endfor %}
        {{- '<｜tool▁calls▁end｜><｜end▁of▁sentence｜>' }}
    {%- endif %}
    {%- if message['role'] == 'assistant' and message['content'] is not none %}
        {%- if ns.is_tool %}{{- '<｜tool▁outputs▁end｜>' + message['content'] + '<｜end▁of▁sentence｜>' }}{%- set ns.is_tool = false -%}
        {%- else %}{{- '<｜Assistant｜>' + message['content'] + '<｜end▁of▁sentence｜>' }}{%- endif %}
    {%- endif %}
    {%- if message['role'] == 'tool' %}
        {%- set ns.is_tool = true -%}
        {%- if ns.is_output_first %}{{- '<｜tool▁outputs▁begin｜><｜tool▁output▁begin｜>' + message['content'] + '<｜tool▁output▁end｜>' }}{%- set ns.is_output_first = false %}
        {%- else %}{{- '\n<｜tool▁output▁begin｜>' + message['content'] + '<｜tool▁output▁end｜>' }}{%- endif %}
    {%- endif %}
{%- endfor -%}
{%- if ns.is_tool %}{{- '<｜tool▁outputs▁end｜>' }}{%- endif %}
{%- if add_generation_prompt and not ns.is_tool %}{{- '<｜Assistant｜>' }}{%- endif %}`,

  /** google/gemma-4-E2B-it: a notation of its own, and results as part of the answer with the call. */
  gemma4: String.raw`
{%- macro format_argument(argument, escape_keys=True) -%}
    {%- if argument is string -%}{{- '<|"|>' + argument + '<|"|>' -}}
    {%- elif argument is boolean -%}{{- 'true' if argument else 'false' -}}
    {%- elif argument is mapping -%}
        {{- '{' -}}
        {%- set ns = namespace(found_first=false) -%}
        {%- for key, value in argument | dictsort -%}
            {%- if ns.found_first %},{% endif -%}
            {%- set ns.found_first = true -%}
            {%- if escape_keys -%}{{- '<|"|>' + key + '<|"|>' -}}{%- else -%}{{- key -}}{%- endif -%}
            :{{- format_argument(value, escape_keys=escape_keys) -}}
        {%- endfor -%}
        {{- '}' -}}
    {%- elif argument is sequence -%}
        {{- '[' -}}{%- for item in argument -%}{{- format_argument(item, escape_keys=escape_keys) -}}{%- if not loop.last %},{% endif -%}{%- endfor -%}{{- ']' -}}
    {%- else -%}{{- argument -}}{%- endif -%}
{%- endmacro -%}
{%- set ns = namespace(prev_message_type=None) -%}
{%- set loop_messages = messages -%}
{{ bos_token }}
{%- if tools or messages[0]['role'] in ['system', 'developer'] -%}
    {{- '<|turn>system\n' -}}
    {%- if messages[0]['role'] in ['system', 'developer'] -%}
        {{- messages[0]['content'] | trim -}}
        {%- set loop_messages = messages[1:] -%}
    {%- endif -%}
    {%- for tool in tools or [] -%}
        {{- '<|tool>declaration:' + tool['function']['name'] + '{description:<|"|>' + tool['function']['description'] + '<|"|>,parameters:' -}}
        {{- format_argument(tool['function']['parameters'], escape_keys=False) -}}{{- '}<tool|>' -}}
    {%- endfor -%}
    {{- '<turn|>\n' -}}
{%- endif -%}
{%- for message in loop_messages -%}
    {%- set ns.prev_message_type = None -%}
    {{- '<|turn>' + ('model' if message['role'] == 'assistant' else message['role']) + '\n' -}}
    {%- if message['tool_calls'] -%}
        {%- for tool_call in message['tool_calls'] -%}
            {%- set function = tool_call['function'] -%}
            {{- '<|tool_call>call:' + function['name'] + '{' -}}
            {%- if function['arguments'] is mapping -%}
                {%- for key, value in function['arguments'] | dictsort -%}{%- if not loop.first %},{% endif -%}{{- key -}}:{{- format_argument(value, escape_keys=False) -}}{%- endfor -%}
            {%- elif function['arguments'] is string -%}{{- function['arguments'] -}}{%- endif -%}
            {{- '}<tool_call|>' -}}
        {%- endfor -%}
        {%- set ns.prev_message_type = 'tool_call' -%}
    {%- endif -%}
    {%- if message['tool_responses'] -%}
        {%- for tool_response in message['tool_responses'] -%}
            {{- '<|tool_response>response:' + tool_response['name'] | default('unknown') + '{' -}}
            {%- if tool_response['response'] is mapping -%}
                {%- for key, value in tool_response['response'] | dictsort -%}{{- key -}}:{{- format_argument(value, escape_keys=False) -}}{%- if not loop.last %},{% endif -%}{%- endfor -%}
            {%- else -%}{{- 'value:' + format_argument(tool_response['response'], escape_keys=False) -}}{%- endif -%}
            {{- '}<tool_response|>' -}}
        {%- endfor -%}
        {%- set ns.prev_message_type = 'tool_response' -%}
    {%- endif -%}
    {%- if message['content'] is string -%}{%- if message['role'] != 'tool' -%}{{- message['content'] | trim -}}{%- endif -%}{%- endif -%}
    {%- if not (message['tool_responses'] and not message['content']) -%}{{- '<turn|>\n' -}}{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{%- if ns.prev_message_type != 'tool_response' -%}{{- '<|turn>model\n' -}}{%- endif -%}{%- endif -%}`,

  /** google/functiongemma-270m-it. */
  functionGemma: String.raw`
{%- macro format_argument(argument) -%}
    {%- if argument is string -%}{{- '<escape>' + argument + '<escape>' -}}
    {%- elif argument is boolean -%}{{- 'true' if argument else 'false' -}}
    {%- elif argument is mapping -%}{{- '{' -}}{%- for key, value in argument | dictsort -%}{%- if not loop.first %},{% endif -%}{{- key }}:{{ format_argument(value) -}}{%- endfor -%}{{- '}' -}}
    {%- elif argument is iterable -%}{{- '[' -}}{%- for item in argument -%}{{- format_argument(item) -}}{%- if not loop.last %},{% endif -%}{%- endfor -%}{{- ']' -}}
    {%- else -%}{{- argument -}}{%- endif -%}
{%- endmacro -%}
{{- bos_token -}}
{%- set ns = namespace(prev_message_type=None) -%}
{%- if tools or messages[0]['role'] == 'system' -%}
    {{- '<start_of_turn>developer\n' -}}
    {%- if messages[0]['role'] == 'system' -%}{{- messages[0]['content'] | trim -}}{%- set loop_messages = messages[1:] -%}{%- else -%}{%- set loop_messages = messages -%}{%- endif -%}
    {%- for tool in tools or [] -%}{{- '<start_function_declaration>declaration:' + tool['function']['name'] + '{description:<escape>' + tool['function']['description'] + '<escape>,parameters:' + format_argument(tool['function']['parameters']) + '}<end_function_declaration>' -}}{%- endfor -%}
    {{- '<end_of_turn>\n' -}}
{%- else -%}{%- set loop_messages = messages -%}{%- endif -%}
{%- for message in loop_messages -%}
    {%- set role = 'model' if message['role'] == 'assistant' else message['role'] -%}
    {%- if role != 'tool' -%}
        {%- if ns.prev_message_type != 'tool_response' -%}{{- '<start_of_turn>' + role + '\n' -}}{%- endif -%}
        {%- set ns.prev_message_type = None -%}
        {%- if message['content'] is string -%}{{- message['content'] | trim -}}{%- endif -%}
        {%- for tool_call in message['tool_calls'] or [] -%}
            {{- '<start_function_call>call:' + tool_call['function']['name'] + '{' -}}
            {%- for key, value in tool_call['function']['arguments'] | dictsort -%}{%- if not loop.first %},{% endif -%}{{- key }}:{{ format_argument(value) -}}{%- endfor -%}
            {{- '}<end_function_call>' -}}
            {%- if loop.last -%}{{- '<start_function_response>' -}}{%- endif -%}
            {%- set ns.prev_message_type = 'tool_call' -%}
        {%- endfor -%}
        {%- if ns.prev_message_type != 'tool_call' -%}{{- '<end_of_turn>\n' -}}{%- endif -%}
    {%- else -%}
        {{- 'response:' + message['name'] + '{value:' + format_argument(message['content']) + '}<end_function_response>' -}}
        {%- set ns.prev_message_type = 'tool_response' -%}
    {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt and ns.prev_message_type != 'tool_response' -%}{{- '<start_of_turn>model\n' -}}{%- endif -%}`,
} as const;
