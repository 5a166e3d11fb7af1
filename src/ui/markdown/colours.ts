/** Colours code by its language. Loaded when code is first shown. */
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import kotlin from "highlight.js/lib/languages/kotlin";
import markdown from "highlight.js/lib/languages/markdown";
import php from "highlight.js/lib/languages/php";
import python from "highlight.js/lib/languages/python";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import swift from "highlight.js/lib/languages/swift";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { escapeHtml } from "./escape";

const LANGUAGES = {
  ...{ bash, c, cpp, csharp, css, diff, go, java, javascript, json, kotlin, markdown, php, python, ruby, rust, sql },
  ...{ swift, typescript, xml, yaml },
};
for (const [name, grammar] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, grammar);

/** Longest code that is coloured, in characters. */
const MAX_LENGTH = 50_000;
/** Longest line of it: some rules of the languages need a time that grows with the square of a line's length. */
const MAX_LINE = 2000;
const LONG_LINE = new RegExp(`[^\\n]{${MAX_LINE + 1}}`);
/** The last code, since code that grows is asked for at every token. */
let last = { language: "", code: "", html: "" };

/** The code as HTML with the classes of highlight.js; without colours if its language is not known. */
export function colour(code: string, language: string): string {
  if (code.length > MAX_LENGTH || LONG_LINE.test(code) || !hljs.getLanguage(language)) return escapeHtml(code);
  if (last.code !== code || last.language !== language) {
    last = { language, code, html: hljs.highlight(code, { language, ignoreIllegals: true }).value };
  }
  return last.html;
}
