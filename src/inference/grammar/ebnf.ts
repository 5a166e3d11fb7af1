/** Reads grammars in EBNF, in the notation of GBNF. */
import { MicrogridError } from "../../core";
import {
  type CodeRange,
  type Expression,
  type Grammar,
  MAX_CODE_POINT,
  char,
  choice,
  complement,
  repeat,
  rule,
  sequence,
  exactly,
} from "./expressions";

const ROOT = "root";
/** Deepest nesting of groups. */
const MAX_DEPTH = 200;

const SPACE = /(?:\s|#[^\n]*)*/y;
const NAME = /[A-Za-z_][\w.-]*/y;
const DEFINED_AS = /::=/y;
const COUNT = /\{\s*(\d{1,9})\s*(,?)\s*(\d{0,9})\s*\}/y;
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "0": "\0", f: "\f", v: "\v" };

/**
 * Reads a grammar: rules such as `root ::= "yes" | "no" [a-z]* rest?`, with groups, classes of characters, `.`, `*`, `+`,
 * `?`, `{2,5}` and comments behind `#`. Throws `bad-request` with the line where it cannot be read.
 */
export function readEbnf(source: string): Grammar {
  const rules = new Reader(source).rules();
  const root = rules.get(ROOT);
  if (root) return { root, rules };
  throw new MicrogridError("bad-request", `The grammar has no rule “${ROOT}”, which says what the whole answer is.`);
}

class Reader {
  readonly #source: string;
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  rules(): Map<string, Expression> {
    const rules = new Map<string, Expression>();
    for (this.#take(SPACE); this.#at < this.#source.length;) {
      const name = this.#take(NAME)?.[0] ?? this.#fail("a rule has to begin with its name");
      this.#take(SPACE);
      if (!this.#take(DEFINED_AS)) this.#fail("“::=” is missing behind the name of a rule");
      if (rules.has(name)) this.#fail(`there are two rules “${name}”`);
      rules.set(name, this.#choice());
    }
    return rules;
  }

  #choice(): Expression {
    if (this.#depth++ > MAX_DEPTH) this.#fail("groups are nested too deep");
    const options = [this.#sequence()];
    while (this.#takes("|")) options.push(this.#sequence());
    this.#depth--;
    return options.length === 1 ? options[0]! : choice(...options);
  }

  #sequence(): Expression {
    const parts: Expression[] = [];
    for (this.#take(SPACE); ; this.#take(SPACE)) {
      const part = this.#part();
      if (!part) return parts.length === 1 ? parts[0]! : sequence(...parts);
      parts.push(this.#repeated(part));
    }
  }

  /** Undefined at the end of a sequence. */
  #part(): Expression | undefined {
    const next = this.#source[this.#at];
    if (next === '"' || next === "'") return this.#text(next);
    if (next === "[") return this.#class();
    if (next === ".") {
      this.#at++;
      return char([0, MAX_CODE_POINT]);
    }
    if (next === "(") {
      this.#at++;
      const inside = this.#choice();
      if (!this.#takes(")")) this.#fail("“)” is missing");
      return inside;
    }
    const start = this.#at;
    const name = this.#take(NAME)?.[0];
    if (name !== undefined) {
      const end = this.#at;
      this.#take(SPACE);
      if (!this.#take(DEFINED_AS)) {
        this.#at = end;
        return rule(name);
      }
      // The next rule begins.
      this.#at = start;
      return undefined;
    }
    if (next !== undefined && next !== "|" && next !== ")") this.#fail(`“${next}” is not expected`);
    if (next === ")" && this.#depth <= 1) this.#fail("“)” has no “(”");
    return undefined;
  }

  #repeated(part: Expression): Expression {
    this.#take(SPACE);
    let repeated = part;
    for (;;) {
      const [, least, comma, most] = this.#take(COUNT) ?? [];
      if (least !== undefined) {
        const min = Number(least);
        const max = comma === "" ? min : most === "" ? Number.POSITIVE_INFINITY : Number(most);
        if (max < min) this.#fail("a repetition has to end at a larger number than it begins");
        repeated = repeat(repeated, min, max);
      } else if (this.#takes("*")) repeated = repeat(repeated, 0, Number.POSITIVE_INFINITY);
      else if (this.#takes("+")) repeated = repeat(repeated, 1, Number.POSITIVE_INFINITY);
      else if (this.#takes("?")) repeated = repeat(repeated, 0, 1);
      else return repeated;
      this.#take(SPACE);
    }
  }

  #text(quote: string): Expression {
    this.#at++;
    let content = "";
    while (!this.#takes(quote)) content += this.#character();
    return exactly(content);
  }

  #class(): Expression {
    this.#at++;
    const isNegated = this.#takes("^");
    const ranges: CodeRange[] = [];
    while (!this.#takes("]")) {
      const first = this.#character().codePointAt(0)!;
      const isRange = this.#source[this.#at] === "-" && this.#source[this.#at + 1] !== "]";
      if (isRange) this.#at++;
      const last = isRange ? this.#character().codePointAt(0)! : first;
      if (last < first) this.#fail("a range of characters has to end behind its beginning");
      ranges.push([first, last]);
    }
    return char(...(isNegated ? complement(ranges) : ranges));
  }

  /** A character of a text or class, which may be written with a backslash. */
  #character(): string {
    const code = this.#source.codePointAt(this.#at);
    if (code === undefined) this.#fail("a text or a class of characters has no end");
    const written = String.fromCodePoint(code);
    this.#at += written.length;
    if (written !== "\\") return written;
    const kind = this.#source[this.#at++] ?? this.#fail("a text or a class of characters has no end");
    const digits = HEX_DIGITS[kind];
    if (digits === undefined) return ESCAPES[kind] ?? kind;
    const hex = this.#source.slice(this.#at, this.#at + digits);
    const point = /^[0-9A-Fa-f]+$/.test(hex) && hex.length === digits ? Number.parseInt(hex, 16) : -1;
    if (point < 0 || point > MAX_CODE_POINT) this.#fail(`“\\${kind}${hex}” is no character`);
    this.#at += digits;
    return String.fromCodePoint(point);
  }

  #takes(literal: string): boolean {
    const isNext = this.#source.startsWith(literal, this.#at);
    if (isNext) this.#at += literal.length;
    return isNext;
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source);
    if (found) this.#at = pattern.lastIndex;
    return found;
  }

  #fail(why: string): never {
    const line = this.#source.slice(0, this.#at).split("\n").length;
    throw new MicrogridError("bad-request", `The grammar cannot be read at line ${line}: ${why}.`);
  }
}
