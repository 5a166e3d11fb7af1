/** The meaning of attributes that a page may misspell: each is checked, and one that is wrong is named. */
import { MicrogridError } from "../core";
import type { Policy, Sampling } from "../grid";

const PRIVACY = ["device", "room", "anywhere"] as const;
const THEMES = ["auto", "light", "dark"] as const;
/** The range in which a temperature makes sense for any model. */
const MAX_TEMPERATURE = 2;

/** Attributes as they are written in the page. */
interface Written {
  readonly policy: string;
  readonly theme: string;
  readonly temperature: string;
}

/** The meaning of the attributes. */
interface Read {
  /** Undefined leaves it to the grid's own policy. */
  readonly privacy: Policy["privacy"] | undefined;
  /** Empty if it is left to the model. */
  readonly sampling: Partial<Sampling>;
  /** One sentence for each attribute that is wrong. */
  readonly mistakes: readonly string[];
}

/** Reads the attributes. A wrong one counts as absent, but a wrong policy lets no question leave the device. */
export function readAttributes({ policy, theme, temperature }: Written): Read {
  const mistakes: string[] = [];
  const privacy = PRIVACY.find((each) => each === policy);
  if (policy !== "" && !privacy)
    mistakes.push(mistake("policy", policy, oneOf(PRIVACY), "No question leaves this device until that is corrected."));
  if (!THEMES.some((each) => each === theme)) mistakes.push(mistake("theme", theme, oneOf(THEMES)));
  const degree = Number(temperature);
  const warm = temperature.trim() !== "" && degree >= 0 && degree <= MAX_TEMPERATURE;
  if (temperature !== "" && !warm)
    mistakes.push(mistake("temperature", temperature, `a number from 0 to ${MAX_TEMPERATURE}`));
  return {
    privacy: policy === "" || privacy ? privacy : "device",
    sampling: warm ? { temperature: degree } : {},
    mistakes,
  };
}

/** The questions that an element suggests: one in each line, or between bars. */
export function readSuggestions(text: string): string[] {
  const questions = text.split(/[\n|]/).map((line) => line.trim());
  return [...new Set(questions)].filter((question) => question !== "");
}

/** All mistakes as one error for the page's console and its listeners. */
export function mistakesError(mistakes: readonly string[]): MicrogridError {
  return new MicrogridError("bad-request", mistakes.join(" "));
}

function mistake(name: string, value: string, allowed: string, effect = "It is ignored."): string {
  return `The attribute ${name}="${value}" of this element is not ${allowed}. ${effect}`;
}

function oneOf(values: readonly string[]): string {
  return `one of ${values.map((value) => `“${value}”`).join(", ")}`;
}
