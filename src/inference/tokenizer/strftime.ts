/** Python's dates for chat templates: in English, on every device. */

const part = (options: Intl.DateTimeFormatOptions): ((date: Date) => string) => {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: "UTC", ...options });
  return (date) => format.format(date);
};
const digits = (count: number, value: (date: Date) => number) => (date: Date) =>
  String(value(date)).padStart(count, "0");

const DAY_MS = 86_400_000;

/** Python's codes for parts of a date, in the C locale. */
const PARTS: Readonly<Record<string, (date: Date) => string>> = {
  a: part({ weekday: "short" }),
  A: part({ weekday: "long" }),
  b: part({ month: "short" }),
  h: part({ month: "short" }),
  B: part({ month: "long" }),
  d: digits(2, (date) => date.getUTCDate()),
  e: (date) => String(date.getUTCDate()).padStart(2, " "),
  f: () => "000000",
  H: digits(2, (date) => date.getUTCHours()),
  I: digits(2, (date) => date.getUTCHours() % 12 || 12),
  j: digits(3, (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0)) / DAY_MS) + 1),
  m: digits(2, (date) => date.getUTCMonth() + 1),
  M: digits(2, (date) => date.getUTCMinutes()),
  p: (date) => (date.getUTCHours() < 12 ? "AM" : "PM"),
  S: digits(2, (date) => date.getUTCSeconds()),
  u: (date) => String(date.getUTCDay() || 7),
  w: (date) => String(date.getUTCDay()),
  y: digits(2, (date) => date.getUTCFullYear() % 100),
  Y: (date) => String(date.getUTCFullYear()),
  z: () => "",
  Z: () => "",
  "%": () => "%",
};

/** Codes that stand for several others. */
const COMBINED: Readonly<Record<string, string>> = {
  c: "%a %b %e %H:%M:%S %Y",
  D: "%m/%d/%y",
  F: "%Y-%m-%d",
  R: "%H:%M",
  T: "%H:%M:%S",
  x: "%m/%d/%y",
  X: "%H:%M:%S",
};

/** Python's `strftime` for a local time: the same text for equal arguments, whatever this device's language and zone. */
export function strftime(time: string, format: string): string {
  const date = new Date(`${time}Z`);
  return format
    .replace(/%([cDFRTxX])/g, (_, code: string) => COMBINED[code] ?? "")
    .replace(/%([-#]?)([A-Za-z%])/g, (whole, flag: string, code: string) => {
      const text = PARTS[code]?.(date) ?? whole;
      return flag === "" ? text : text.replace(/^[0 ]+(?=.)/, "");
    });
}
