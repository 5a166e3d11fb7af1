import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isReservedName, nameText, quotedName } from "./names";

const RESERVED = ["this device", "on this device", "your computer", "here", "you", "the pipeline", "another device"];

describe("reserved names", () => {
  test.each([
    ..."This Device|THIS DEVICE|thisdevice|this_device|“this device”|this device.|ｔｈｉｓ ｄｅｖｉｃｅ|𝓽𝓱𝓲𝓼 𝓭𝓮𝓿𝓲𝓬𝓮".split(
      "|",
    ),
    ..."tһіs dеvісе|ΤНІЅ ⅮΕVІСΕ|thís dévicè|th1s dev1ce|thls devlce|ᴛʜɪꜱ ᴅᴇᴠɪᴄᴇ|this\u200b dev\u2060ice|t̶h̶i̶s̶ device".split(
      "|",
    ),
    ..."Ada, on this device|Ada (you)|Ada ✓|Ada （verified）|Υου|Ｈｅｒｅ".split("|"),
    "\u202ethis device",
    "|ocal",
  ])("%s", (name) => {
    expect(isReservedName(name)).toBe(true);
    expect(nameText(name)).toBe("Unnamed");
  });

  test("are found in every disguise", () => {
    const noise = fc.constantFrom("", "", " ", "\u200b", "\u00ad", "\u0301", "-", ".", "\u2069");
    const letter = fc.tuple(fc.boolean(), noise);
    const disguised = fc
      .constantFrom(...RESERVED)
      .chain((name) =>
        fc
          .array(letter, { minLength: name.length, maxLength: name.length })
          .map((changes) =>
            Array.from(name, (each, at) => `${changes[at]![0] ? each.toUpperCase() : each}${changes[at]![1]}`).join(""),
          ),
      );
    fc.assert(fc.property(disguised, (name) => isReservedName(name)));
  });

  test.each([
    ..."Ada’s laptop|Ben|Chrome on Linux|Safari on iPhone|Youssef|Therese|Herero|Locale|Živa|Νίκος|Юля|陳大文|Hereford|Devi".split(
      "|",
    ),
    ..."Local Heroes|My laptop|This is Ada|Room 12|Pipeline Pat|You and I|Ada (kitchen)|سارة|📱 phone".split("|"),
  ])("%s passes for no place", (name) => {
    expect(isReservedName(name)).toBe(false);
    expect(nameText(name)).toBe(name);
  });
});

test("a name in a sentence is quoted and keeps its writing direction to itself", () => {
  expect(quotedName("Ada\u202e")).toBe("“Ada”");
  expect(quotedName("سارة")).toBe("“\u2068سارة\u2069”");
  expect(quotedName("Ada\u2069”")).toBe("“Ada’”");
  expect(quotedName("\u200b")).toBe("“Unnamed”");
});
