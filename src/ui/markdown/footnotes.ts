/** Footnotes, as a marked extension. */
import type { MarkedExtension, TokenizerAndRendererExtension, Tokens } from "marked";
import { escapeHtml } from "./escape";

const LABEL = String.raw`\[\^([^\]\s]{1,80})\]`;
const REFERENCE = new RegExp(`^${LABEL}(?!:)`);
const DEFINITION = new RegExp(
  String.raw`^ {0,3}${LABEL}:[ \t]*(.*(?:\n(?! {0,3}\[[^\]]+\]:).*\S.*)*(?:\n+ {2,}\S.*)*)(?:\n+|$)`,
);
/** Where a definition may interrupt a paragraph. */
const DEFINITION_START = new RegExp(String.raw`\n {0,3}${LABEL}:`);

/** `[^label]: text`, shown where it stands. It is kept with the link definitions, under `^label`. */
const definition: TokenizerAndRendererExtension = {
  name: "note",
  level: "block",
  childTokens: ["tokens"],
  start: (source) => {
    const found = DEFINITION_START.exec(source);
    return found ? found.index + 1 : undefined;
  },
  tokenizer(source): Tokens.Generic | undefined {
    const [raw, label, text] = DEFINITION.exec(source) ?? [];
    if (raw === undefined || label === undefined || text === undefined) return undefined;
    this.lexer.tokens.links[noteKey(label)] = { href: "", title: "" };
    return { type: "note", raw, label, tokens: this.lexer.blockTokens(text.replace(/^ {2,4}/gm, ""), []) };
  },
  renderer(token): string {
    const label = escapeHtml(String(token.label));
    const text = this.parser.parse(token.tokens ?? []);
    const back = `<button type="button" data-goto="noteref-${label}" aria-label="Back to the text">↩</button>`;
    return `<div class="note" data-anchor="note-${label}"><span>${label}.</span><div>${text}</div>${back}</div>`;
  },
};

/** `[^label]`, if the answer defines that label; otherwise it stays text. */
const reference: TokenizerAndRendererExtension = {
  name: "noteref",
  level: "inline",
  tokenizer(source): Tokens.Generic | undefined {
    const [raw, label] = REFERENCE.exec(source) ?? [];
    if (raw === undefined || label === undefined || !(noteKey(label) in this.lexer.tokens.links)) return undefined;
    return { type: "noteref", raw, label };
  },
  renderer(token): string {
    const label = escapeHtml(String(token.label));
    return (
      `<sup class="noteref"><button type="button" data-goto="note-${label}" data-anchor="noteref-${label}" ` +
      `aria-label="Footnote ${label}">${label}</button></sup>`
    );
  },
};

export const footnotes: MarkedExtension = { extensions: [definition, reference] };

function noteKey(label: string): string {
  return `^${label.toLowerCase()}`;
}
