/** Names that others have chosen, in texts of this page: quoted, isolated, and never a word by which the page names places. */
import { MicrogridError } from "./errors";
import { plain } from "./plain";

/** Letters that look like a Latin one, by that letter: before and after they are made small. */
const CAPITALS = "aΑАᎪ bΒВᏴ cСϹᏟ dᎠ eΕЕᎬ gᏀ hΗНᎻ iΙІᏆ jЈᎫ kΚКᏦ lᏞ mΜМᎷ nΝ oΟОՕ pΡРᏢ rᎡ sЅᏚՏ tΤТᎢ vᏙѴ wᎳԜ xΧХ yΥҮ zΖᏃ";
const SMALL =
  "aαаɑᴀ4@ bвьʙ cсϲᴄ¢ dԁɗᴅժ eеєҽεᴇ3 fғꜰ gɡɢց hһнհʜ iіιıɩӏɪl1|!ⅼǀון jјյ kкκᴋ mмᴍ nпηոɴ oоοσօᴏ0סо pрρᴘ qԛ rгᴦʀ sѕꜱ5$ tтτᴛ7 uυսᴜʋ vνѵᴠ wѡԝᴡω xхχ yуүγʏ zᴢ";
const LOOKALIKES = [CAPITALS, SMALL].map(
  (groups) => new Map(groups.split(" ").flatMap(([latin = "", ...alike]) => alike.map((each) => [each, latin]))),
);

/**
 * Names that could pass for a place that the page names itself, or for its marks, in the form that `skeleton` gives.
 * Somebody who is called “this device” would turn “answered elsewhere” into “answered here”.
 */
const PLACES = new Set(
  [
    ..."this device,on this device,this browser,this computer,this phone,this tablet,this laptop,this tab,this page".split(
      ",",
    ),
    ..."your device,on your device,your computer,your phone,your browser,your other tab,your tab,my device".split(","),
    ..."here,local,locally,localhost,you,yourself,the pipeline,another device,several devices,the room,the page".split(
      ",",
    ),
    ..."microgrid,nobody,unnamed,verified,this device answered".split(","),
  ].map(skeleton),
);
/** Names with these words inside, as in “Ada, on this device”. */
const INSIDE = ["this device", "your device", "this computer", "this browser"].map(skeleton);
/** Letters that would turn the words around them. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
/** Marks with which a name could end its own quotation. */
const QUOTES = /["“”„‟«»]/gu;
/** Signs and words that the page puts beside names. */
const MARKS = /[✓✔☑✅🗸🗹]|\(\s*(?:you|verified|owner)\s*\)/iu;

/** The letters of a name as they look: without case, marks, spaces, signs and differences between scripts. */
function skeleton(name: string): string {
  const [capitals, small] = LOOKALIKES;
  return Array.from(name.normalize("NFKD"), (letter) => capitals?.get(letter) ?? letter)
    .flatMap((letter) => Array.from(letter.toLowerCase(), (each) => small?.get(each) ?? each))
    .join("")
    .replace(/[^\p{L}\p{N}]/gu, "")
    .replaceAll("rn", "m")
    .replaceAll("vv", "w");
}

/** True for a name that nobody may have, since it could pass for the page's own words. Look-alikes count as well. */
export function isReservedName(name: string): boolean {
  const letters = skeleton(name);
  return MARKS.test(name.normalize("NFKC")) || PLACES.has(letters) || INSIDE.some((words) => letters.includes(words));
}

/** Checks a name that a person gives to a device or a profile. Throws `bad-request` with what to do. */
export function checkName(name: string): void {
  if (plain(name) === "")
    throw new MicrogridError("bad-request", "A name needs at least one character that can be seen.");
  if (isReservedName(name)) {
    throw new MicrogridError(
      "bad-request",
      `${quoted(name)} could pass for words of this page, such as “this device”. Choose another name.`,
    );
  }
}

/** A name as text, by itself: “Unnamed” if nothing of it can be seen, or if it is reserved. Show it inside `<bdi>`. */
export function nameText(name: string): string {
  const shown = plain(name);
  return shown === "" || isReservedName(shown) ? "Unnamed" : shown;
}

/**
 * A name within a sentence: in quotation marks, and with a writing direction of its own. Use it for every name that others
 * have chosen, of people, devices, rooms and models.
 */
export function quotedName(name: string): string {
  return quoted(nameText(name));
}

/** A text of others within a sentence, such as a model's name. */
export function quoted(text: string): string {
  const shown = plain(text).replace(QUOTES, "’");
  // The first strong isolate and its end do for a text what `<bdi>` does in HTML.
  return RIGHT_TO_LEFT.test(shown) ? `“\u2068${shown}\u2069”` : `“${shown}”`;
}
