/** The guide's tokenizer with the template and the control tokens of a family. For Node only. */
import { ChatTokenizer } from "../tokenizer";
import { CALL_FORMATS, type ToolFormatName } from "../tools";
import { MORE_TOOL_TEMPLATES } from "./more-tool-templates";
import { guideFile } from "./node";
import { TOOL_TEMPLATES } from "./tool-templates";

/** Where the ids of the control tokens begin. */
export const FIRST_MARK = 2100;
/** More than the highest id. */
export const FAMILY_VOCABULARY = FIRST_MARK + 20;

const TEMPLATES = { ...TOOL_TEMPLATES, ...MORE_TOOL_TEMPLATES };
export type ToolFamily = keyof typeof TEMPLATES;
/** Families whose marks of calls are ordinary text, or tokens of another kind. */
const TEXT_FORMATS: ReadonlySet<ToolFormatName> = new Set(["hermes", "qwen-xml", "generic"]);
const OTHER_MARKS: Partial<Record<ToolFormatName, readonly string[]>> = {
  harmony: ["<|return|>"],
};

/** A tokenizer in which the marks of calls are control tokens, if they are in the family's own. */
export function familyTokenizer(family: ToolFamily, format: ToolFormatName): Promise<ChatTokenizer> {
  const { marks, ends } = CALL_FORMATS[format];
  // Older models of Mistral have only the first of its marks.
  const known = format === "mistral-list" ? marks.slice(0, 1) : marks;
  const own = TEXT_FORMATS.has(format) ? [] : [...known, ...ends, ...(OTHER_MARKS[format] ?? [])];
  const file = JSON.parse(guideFile("tokenizer.json")) as { added_tokens: readonly object[] };
  const added = own.map((content, index) => ({
    ...{ id: FIRST_MARK + index, content, special: true },
    ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
  }));
  const tokenizer = JSON.stringify({ ...file, added_tokens: [...file.added_tokens, ...added] });
  return ChatTokenizer.parse({ tokenizer, config: guideFile("tokenizer_config.json"), template: TEMPLATES[family] });
}
