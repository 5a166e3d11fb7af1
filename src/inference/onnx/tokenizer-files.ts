/** Finds what a tokenizer needs among a model's files, wherever its exporter put it. */
import * as v from "valibot";
import { parsePythonJson } from "../../core";

/** Templates that are stored as files of their own, apart from the main one. */
const NAMED_TEMPLATES = /^additional_chat_templates\/(.+)\.jinja$/;

const NamedTemplate = v.object({ name: v.string(), template: v.string() });
/** A template, or several with names, as `tokenizer_config.json` and `chat_template.json` contain them. */
const Templates = v.union([v.string(), v.array(NamedTemplate)]);
const Json = v.looseObject({ chat_template: v.fallback(v.optional(Templates), undefined) });
const SpecialToken = v.union([v.string(), v.looseObject({ content: v.string() })]);
const SPECIAL_TOKENS = ["bos_token", "eos_token", "pad_token", "unk_token"] as const;

/** Texts for `ChatTokenizer.parse`. */
interface TokenizerTexts {
  readonly config: string | undefined;
  readonly template: string | undefined;
}

/**
 * Reads the settings of the tokenizer and the chat template: `chat_template.jinja`, otherwise the template in
 * `tokenizer_config.json`, otherwise `chat_template.json`, otherwise one of `additional_chat_templates/`. Special tokens
 * that `tokenizer_config.json` does not name are taken from `special_tokens_map.json`; values that are no tokens are
 * left out. A damaged `tokenizer_config.json` is handed on as it is, so that `ChatTokenizer.parse` refuses it.
 */
export async function readTokenizerTexts(files: ReadonlyMap<string, Blob>): Promise<TokenizerTexts> {
  const config = await files.get("tokenizer_config.json")?.text();
  const own = config === undefined ? {} : readJson(config);
  const map = readJson((await files.get("special_tokens_map.json")?.text()) ?? "{}") ?? {};
  const stored = readJson((await files.get("chat_template.json")?.text()) ?? "{}");
  const template =
    (await files.get("chat_template.jinja")?.text()) ??
    mainTemplate(own?.chat_template) ??
    mainTemplate(stored?.chat_template) ??
    mainTemplate(await namedTemplates(files));
  if (!own) return { config, template };
  const tokens = SPECIAL_TOKENS.map((name) => {
    const token = [own[name], map[name]].find((value) => v.is(SpecialToken, value));
    return [name, token] as const;
  });
  return { config: JSON.stringify({ ...own, ...Object.fromEntries(tokens), chat_template: template }), template };
}

/** The content of a file with settings; undefined if it is damaged. */
function readJson(text: string): v.InferOutput<typeof Json> | undefined {
  try {
    const value = parsePythonJson(text);
    // `chat_template.json` may also consist of the templates themselves.
    return v.parse(Json, v.is(Templates, value) ? { chat_template: value } : value);
  } catch {
    return undefined;
  }
}

function namedTemplates(files: ReadonlyMap<string, Blob>): Promise<{ name: string; template: string }[]> {
  const found = [...files].flatMap(([path, blob]) => {
    const name = NAMED_TEMPLATES.exec(path)?.[1];
    return name === undefined ? [] : [blob.text().then((template) => ({ name, template }))];
  });
  return Promise.all(found);
}

function mainTemplate(templates: v.InferOutput<typeof Templates> | undefined): string | undefined {
  if (templates === undefined || typeof templates === "string") return templates;
  return (templates.find(({ name }) => name === "default") ?? templates[0])?.template;
}
