/** Methods, filters and operators of Python that chat templates use and the JavaScript Jinja lacks. */

/** A value as the template engine passes it: lists hold objects with a `value`. */
type Value = unknown;

/** Python's text of a value. */
function text(value: Value): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "True" : "False";
  if (value === null || value === undefined) return "None";
  if (Array.isArray(value)) return `[${entries(value).map(quoted).join(", ")}]`;
  if (!(value instanceof Map)) return JSON.stringify(value);
  const fields = [...(value as ReadonlyMap<string, { readonly value: Value }>)].map(
    ([key, field]) => `${quoted(key)}: ${quoted(field.value)}`,
  );
  return `{${fields.join(", ")}}`;
}

/** Python's text of a value inside another one, where texts are in quotes. */
function quoted(value: Value): string {
  if (typeof value !== "string") return text(value);
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
  const escaped = value.replace(/[\\\n\r\t]/g, (char) => JSON.stringify(char).slice(1, -1));
  return quote + escaped.replaceAll(quote, `\\${quote}`) + quote;
}

/** The entries of a list. */
function entries(value: Value): Value[] {
  if (!Array.isArray(value)) throw new Error(`${text(value)} is not a list`);
  return value.map((entry: { readonly value: Value }) => entry.value);
}

/** A position in code points, which Python counts, for one in UTF-16. */
function position(value: string, at: number): number {
  return at < 0 ? -1 : Array.from(value.slice(0, at)).length;
}

function found(value: string, part: string, at: number): number {
  if (at < 0) throw new Error(`“${part}” is not part of “${value}”`);
  return position(value, at);
}

/** Removes the given characters from the ends that are named. */
function stripped(value: string, chars: Value, ends: { readonly left: boolean; readonly right: boolean }): string {
  const set = new Set(text(chars));
  const all = Array.from(value);
  let from = 0;
  let to = all.length;
  while (ends.left && from < to && set.has(all[from]!)) from++;
  while (ends.right && to > from && set.has(all[to - 1]!)) to--;
  return all.slice(from, to).join("");
}

/** Splits once, and gives the separator, too. */
function partition(value: string, separator: string, at: number): [string, string, string] | undefined {
  return at < 0 ? undefined : [value.slice(0, at), separator, value.slice(at + separator.length)];
}

/** A value by Python's format specification, such as `.2f`, `05d` or `>8`. */
function formatted(value: Value, spec: string): string {
  const match = /^(?:(.)?([<>^]))?([+ ]?)(0?)(\d*)(,?)(?:\.(\d+))?([a-z%]?)$/iu.exec(spec);
  if (!match) throw new Error(`the format “${spec}” is not supported`);
  const [, fill = " ", align, sign = "", zero, width = "", comma, precision, type = ""] = match;
  let out = text(value);
  if (typeof value === "number") {
    const digits = precision === undefined ? (type === "f" || type === "%" ? 6 : undefined) : Number(precision);
    const size = Math.abs(type === "%" ? value * 100 : value);
    out = type === "x" ? size.toString(16) : digits === undefined ? String(size) : size.toFixed(digits);
    if (comma) out = out.replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ",");
    out = (value < 0 ? "-" : sign) + out + (type === "%" ? "%" : "");
  } else if (precision !== undefined) {
    out = Array.from(out).slice(0, Number(precision)).join("");
  }
  const missing = Math.max(0, Number(width) - Array.from(out).length);
  if (zero && !align) return out.replace(/^[-+ ]?/, (lead) => lead + "0".repeat(missing));
  const left =
    align === "^" ? Math.floor(missing / 2) : (align ?? (typeof value === "number" ? ">" : "<")) === ">" ? missing : 0;
  return fill.repeat(left) + out + fill.repeat(missing - left);
}

/** `"…".format(…)`; the last argument may be a map of named ones. */
function format(pattern: string, args: readonly Value[]): string {
  const last = args.at(-1);
  const named = last instanceof Map ? (last as ReadonlyMap<string, { readonly value: Value }>) : undefined;
  let next = 0;
  return pattern.replace(/\{\{|\}\}|\{(\w*)(?::([^}]*))?\}/g, (whole, name: string | undefined, spec = "") => {
    if (name === undefined) return whole[0]!;
    const value = /^\d*$/.test(name) ? args[name === "" ? next++ : Number(name)] : named?.get(name)?.value;
    return formatted(value, spec as string);
  });
}

/** `"…" % …` */
function percent(pattern: string, value: Value): string {
  const args = Array.isArray(value) ? entries(value) : [value];
  let next = 0;
  return pattern.replace(/%([-+ 0]*\d*(?:\.\d+)?)([sdifrx%])/g, (_, spec: string, type: string) => {
    if (type === "%") return "%";
    const arg = args[next++];
    const whole = type === "d" || type === "i";
    return formatted(
      whole ? Math.trunc(Number(arg)) : arg,
      spec.replace("-", "<") + (type === "f" || type === "x" ? type : ""),
    );
  });
}

const every =
  (pattern: RegExp) =>
  (self: string): boolean =>
    pattern.test(self);

/** Methods of texts. Those in `ONLY_WITH_ARGUMENTS` exist, but ignore their arguments. */
export const METHODS: Readonly<Record<string, (self: string, ...args: readonly never[]) => Value>> = {
  format: (self, ...args) => format(self, args),
  find: (self, part: string) => position(self, self.indexOf(part)),
  rfind: (self, part: string) => position(self, self.lastIndexOf(part)),
  index: (self, part: string) => found(self, part, self.indexOf(part)),
  rindex: (self, part: string) => found(self, part, self.lastIndexOf(part)),
  count: (self, part: string) => self.split(part).length - 1,
  join: (self, list: Value) => entries(list).map(text).join(self),
  splitlines: (self) => self.replace(/\r?\n$/, "").split(/\r?\n/),
  rsplit: (self, separator: string, most = Infinity) => {
    const parts = self.split(separator);
    const kept = Math.max(1, parts.length - most);
    return [parts.slice(0, kept).join(separator), ...parts.slice(kept)];
  },
  partition: (self, separator: string) => partition(self, separator, self.indexOf(separator)) ?? [self, "", ""],
  rpartition: (self, separator: string) => partition(self, separator, self.lastIndexOf(separator)) ?? ["", "", self],
  removeprefix: (self, prefix: string) => (self.startsWith(prefix) ? self.slice(prefix.length) : self),
  removesuffix: (self, suffix: string) => (suffix && self.endsWith(suffix) ? self.slice(0, -suffix.length) : self),
  strip: (self, chars: Value) => stripped(self, chars, { left: true, right: true }),
  lstrip: (self, chars: Value) => stripped(self, chars, { left: true, right: false }),
  rstrip: (self, chars: Value) => stripped(self, chars, { left: false, right: true }),
  zfill: (self, width: number) => self.replace(/^[-+]?/, (sign) => sign + "0".repeat(Math.max(0, width - self.length))),
  isdigit: every(/^\d+$/u),
  isnumeric: every(/^\p{N}+$/u),
  isalpha: every(/^\p{L}+$/u),
  isalnum: every(/^[\p{L}\p{N}]+$/u),
  isspace: every(/^\s+$/u),
  isupper: (self) => self === self.toUpperCase() && self !== self.toLowerCase(),
  islower: (self) => self === self.toLowerCase() && self !== self.toUpperCase(),
};

export const ONLY_WITH_ARGUMENTS: ReadonlySet<string> = new Set(["strip", "lstrip", "rstrip"]);

/** Filters. */
export const FILTERS: Readonly<Record<string, (value: never, ...args: readonly never[]) => Value>> = {
  string: text,
  round: (value: number, digits = 0) => Math.round(value * 10 ** digits) / 10 ** digits,
  sum: (list: Value) => entries(list).reduce((sum: number, entry) => sum + Number(entry), 0),
  min: (list: Value) => Math.min(...entries(list).map(Number)),
  max: (list: Value) => Math.max(...entries(list).map(Number)),
  wordcount: (value: string) => (value.match(/\S+/g) ?? []).length,
};

/** Other names of filters that exist. */
export const FILTER_NAMES: ReadonlyMap<string, string> = new Map([
  ["count", "length"],
  ["d", "default"],
]);

/** Operators that exist for numbers only. */
export const OPERATORS: Readonly<Record<string, (left: never, right: never) => Value>> = {
  "%": (left: Value, right: Value) => {
    if (typeof left === "string") return percent(left, right);
    return numbers(left, right, "%", (a, b) => ((a % b) + b) % b);
  },
  "*": (left: Value, right: Value) => {
    if (typeof left === "string") return left.repeat(Math.max(0, Number(right)));
    return numbers(left, right, "*", (a, b) => a * b);
  },
};

function numbers(left: Value, right: Value, operator: string, compute: (a: number, b: number) => number): number {
  if (typeof left === "number" && typeof right === "number") return compute(left, right);
  throw new Error(`${text(left)} ${operator} ${text(right)} is not defined`);
}
