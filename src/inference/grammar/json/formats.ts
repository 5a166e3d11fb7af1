/** Strings of the formats that JSON Schema names, as regular expressions. */

const YEAR = "\\d{4}";
/** Years divisible by four, without those that may be no leap years after all. */
const LEAP_YEAR = "\\d\\d(0[48]|[2468][048]|[13579][26])";
const DATE =
  `(${YEAR}-((0[13578]|1[02])-(0[1-9]|[12]\\d|3[01])|(0[469]|11)-(0[1-9]|[12]\\d|30)|02-(0[1-9]|1\\d|2[0-8]))` +
  `|${LEAP_YEAR}-02-29)`;
const TIME = "([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)";
const LABEL = "[A-Za-z0-9]{1,20}(-[A-Za-z0-9]{1,20}){0,2}";
const BYTE = "(\\d|[1-9]\\d|1\\d\\d|2[0-4]\\d|25[0-5])";
const HEX = "[0-9A-Fa-f]";
const SPAN_TIME = "T(\\d{1,6}H(\\d{1,6}M(\\d{1,6}S)?)?|\\d{1,6}M(\\d{1,6}S)?|\\d{1,6}S)";
const SPAN_DAYS = `(\\d{1,6}Y(\\d{1,6}M(\\d{1,6}D)?)?|\\d{1,6}M(\\d{1,6}D)?|\\d{1,6}D)(${SPAN_TIME})?`;

/** By name; each matches only strings of the format, though not all of them. */
export const STRING_FORMATS: ReadonlyMap<string, string> = new Map([
  ["date", DATE],
  ["time", TIME],
  ["date-time", `${DATE}T${TIME}`],
  ["duration", `P(${SPAN_DAYS}|${SPAN_TIME}|\\d{1,6}W)`],
  ["email", `[A-Za-z0-9_+-]{1,32}(\\.[A-Za-z0-9_+-]{1,16})*@${LABEL}(\\.${LABEL})+`],
  ["hostname", `${LABEL}(\\.${LABEL}){0,3}`],
  ["ipv4", `${BYTE}\\.${BYTE}\\.${BYTE}\\.${BYTE}`],
  ["ipv6", `(${HEX}{1,4}:){7}${HEX}{1,4}|::|(${HEX}{1,4}:){1,6}:${HEX}{1,4}|::(${HEX}{1,4}:){0,5}${HEX}{1,4}`],
  ["uuid", `${HEX}{8}-${HEX}{4}-${HEX}{4}-${HEX}{4}-${HEX}{12}`],
  ["uri", `https?://${LABEL}(\\.${LABEL})*(:\\d{1,4})?(/[A-Za-z0-9._~!$&'()*+,;=:@-]*)*(\\?[A-Za-z0-9._~&=+-]*)?`],
]);
