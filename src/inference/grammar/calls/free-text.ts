/** Text that people read, up to a mark with which something else begins. */
import {
  type CodeRange,
  type Expression,
  NOTHING,
  char,
  choice,
  complement,
  exactly,
  rule,
  sequence,
} from "../expressions";

/** A mark, as far as it has not been read, and what follows it. */
type Rest = readonly [mark: string, behind: Expression];

/** The rules of a text in which marks have a meaning. */
export class FreeText {
  /** Any text, or a text, a mark and what follows that. */
  readonly any: Expression;
  readonly #rules: Map<string, Expression>;
  readonly #name: string;
  readonly #marks: readonly Rest[];

  /** `marks` are the marks, and what follows each; `NOTHING` for those that may not be in the text. Adds rules to `rules`. */
  constructor(rules: Map<string, Expression>, name: string, marks: readonly Rest[]) {
    this.#rules = rules;
    this.#name = name;
    this.#marks = marks;
    this.any = rule(name);
    rules.set(name, choice("", this.#step([])));
  }

  /** Any text that begins with none of `words`, after it has begun with no character of `besides`. */
  unlike(words: readonly string[], besides = ""): Expression {
    const firsts = firstsOf(words);
    const longer = firsts.flatMap((first) => {
      const rests = words.filter((word) => word.startsWith(first)).map((word) => word.slice(first.length));
      return rests.includes("") ? [] : [sequence(first, this.unlike(rests))];
    });
    return choice("", this.#step([...Array.from(besides), ...firsts]), ...longer);
  }

  /** One character but these, and any text behind it. */
  #step(excluded: readonly string[]): Expression {
    const firsts = firstsOf(this.#marks.map(([mark]) => mark));
    const plain = char(...complement([...excluded, ...firsts].map(rangeOf)));
    const begun = firsts
      .filter((first) => !excluded.includes(first))
      .map((first) => sequence(first, this.#mark(first)));
    return choice(sequence(plain, this.any), ...begun);
  }

  /** The text behind the beginning of a mark. */
  #mark(begin: string): Expression {
    const name = `${this.#name} ${begin}`;
    if (!this.#rules.has(name)) {
      // First of all, since it may come again inside.
      this.#rules.set(name, NOTHING);
      const rests = this.#marks.filter(([mark]) => mark.startsWith(begin));
      const nexts = firstsOf(rests.map(([mark]) => mark.slice(begin.length)));
      const longer = nexts.map((next) => {
        const whole = rests.find(([mark]) => mark === begin + next);
        return sequence(next, whole ? whole[1] : this.#mark(begin + next));
      });
      this.#rules.set(name, choice("", this.#step(nexts), ...longer.filter((option) => !leadsNowhere(option))));
    }
    return rule(name);
  }
}

/** Any text in which `mark` does not occur. */
export function textWithout(rules: Map<string, Expression>, mark: string): Expression {
  const name = `text without ${mark}`;
  return rules.has(name) ? rule(name) : new FreeText(rules, name, [[mark, NOTHING]]).any;
}

/** Exactly one of these texts. */
export const oneOfTexts = (texts: readonly string[]): Expression => choice(...texts.map(exactly));

function leadsNowhere(expression: Expression): boolean {
  return expression.type === "sequence" && expression.parts.includes(NOTHING);
}

/** The characters with which texts begin. */
function firstsOf(texts: readonly string[]): string[] {
  return [...new Set(texts.flatMap((text) => Array.from(text).slice(0, 1)))];
}

function rangeOf(character: string): CodeRange {
  const code = character.codePointAt(0)!;
  return [code, code];
}
