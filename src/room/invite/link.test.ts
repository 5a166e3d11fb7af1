/** Links of invites: how long they are, and how they survive chats, mail and people. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { foundTestRoom } from "../testing/founding";
import type { Invite } from "./invite";
import { inviteToUrl, parseInvite } from "./link";
import { readToken } from "./token";

const PAGE = "https://octocat.example.io/microgrid/";
const SERVERS = ["https://signal.example.org/"];

let invite: Invite;
let link: string;
beforeAll(async () => {
  invite = { ...(await foundTestRoom({ name: "Kitchen" })).invite, servers: SERVERS };
  link = inviteToUrl(invite, PAGE);
});

const sentence = (text: string): string => {
  try {
    return parseInvite(text).name;
  } catch (error) {
    return (error as Error).message;
  }
};
const payload = (): string => link.slice(link.indexOf("/join/") + "/join/".length);

describe("an invite", () => {
  it("is read as it was written, with a token that still verifies", async () => {
    expect(parseInvite(link)).toEqual(invite);
    expect((await readToken(parseInvite(link).token.signed)).signers).toHaveLength(1);
  });

  it.each([
    ["http://localhost:5180/", "http://localhost:5181/"],
    ["https://192.168.178.23:5180/", "https://192.168.178.23:5180/signaling"],
    ["https://host.example/", "https://host.example"],
    ["https://host.example/", "https://host.example.org/"],
    ["https://[::1]:5180/", "https://[::1]/"],
    ["https://host.example/", "https://[::1]:9000/"],
    ["https://host.example/", "http://host.example/"],
  ])("on %s leads to the server %s", (page, server) => {
    const written = inviteToUrl({ ...invite, servers: [server] }, page);
    expect(parseInvite(written).servers).toEqual([server]);
  });

  it("is at most 350 characters long, for which a long name is shortened", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }), (name) => {
        fc.pre(name.length <= 80);
        const written = inviteToUrl({ ...invite, name }, PAGE);
        expect(written.length).toBeLessThanOrEqual(350);
        const read = parseInvite(written).name;
        if (read !== name) expect(name.startsWith(read.slice(0, -1)) && read.endsWith("…")).toBe(true);
      }),
    );
  });
});

type Mangle = (text: string, at: number) => string;
const encoded: Mangle = (text) => encodeURIComponent(text);
const invisible: Mangle = (text, at) => `${text.slice(0, at)}\u200b${text.slice(at)}`;
/** A line that ends inside of an escape. */
const broken: Mangle = (text) => text.replace("join%2", "join%2\r\n> ");

/** Programs and people do this to links. */
const MANGLERS: readonly Mangle[] = [
  (text) => `${text}.`,
  (text) => `(${text})`,
  (text) => `[Join](${text})!`,
  (text) => `<${text}>`,
  (text) => `<${text}|the room>`,
  (text) => `“${text}”,`,
  (text) => `"${text}";`,
  (text) => `_${text}_`,
  (text) => `**${text}**`,
  (text) => `Join us here: ${text} and bring your laptop`,
  (text) => `${text}\n\n-- \nAda`,
  (text) => `${text}?fbclid=IwAR0x_y-z`,
  (text) => `${text}&utm_source=chat&utm_medium=x`,
  (text) => `<a href="${text}">Kitchen</a>`,
  (text) => text.replace("#", "%23"),
  (text) => text.replace("#", "&#35;"),
  (text) => text.replace("/#/", "/"),
  (text) => text.replace("https:", " https:"),
  encoded,
  (text) => `https://l.example.com/l.php?u=${encodeURIComponent(text)}&h=AT0`,
  (text) => (text.toUpperCase().startsWith("HTTPS") ? `HTTPS${text.slice(5)}` : text),
  // Lines that were broken anywhere, as text, as quoted text, and as mail breaks them.
  (text, at) => `${text.slice(0, at)}\n${text.slice(at)}`,
  (text, at) => `${text.slice(0, at)}\r\n> ${text.slice(at)}`,
  (text, at) => `${text.slice(0, at)}=\r\n${text.slice(at)}`,
  invisible,
  broken,
];

describe("a link", () => {
  it("survives all that programs and people do to it, several times over", () => {
    const step = fc.record({ mangle: fc.constantFrom(...MANGLERS), at: fc.double({ min: 0, max: 1, noNaN: true }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 3 }), (steps) => {
        const text = steps.reduce((before, { mangle, at }) => mangle(before, Math.floor(at * before.length)), link);
        expect(parseInvite(text).token).toEqual(invite.token);
      }),
      {
        numRuns: 500,
        examples: [
          [
            [
              { mangle: invisible, at: 0.005 },
              { mangle: encoded, at: 0 },
            ],
          ],
          [
            [
              { mangle: encoded, at: 0 },
              { mangle: broken, at: 0 },
            ],
          ],
        ],
      },
    );
  });

  it("that was cut off anywhere says where", () => {
    fc.assert(
      fc.property(fc.nat({ max: payload().length - 1 }), (kept) => {
        const text = link.slice(0, link.length - payload().length + kept);
        expect(() => parseInvite(text)).toThrow(/^This link was cut off/);
      }),
    );
    expect(sentence(link.slice(0, -20))).toContain("cut off before its last 20 characters. Ask for the whole link");
    expect(sentence(link.split("#")[0]!)).toContain("it was cut off at the “#”");
    expect(sentence(`${link.split("#")[0]!}#/join/`)).toContain("cut off after “join”");
  });

  it("with any other character inside is refused as damaged, never read as another invite", () => {
    fc.assert(
      fc.property(
        fc.nat({ max: payload().length - 5 }),
        fc.constantFrom("A", "Z", "a", "z", "0", "9", "-", "_"),
        (at, character) => {
          const changed = payload().slice(0, at + 4) + character + payload().slice(at + 5);
          fc.pre(changed !== payload());
          expect(sentence(`${PAGE}#/join/${changed}`)).toContain("damaged on its way");
        },
      ),
    );
    expect(sentence(link.toLowerCase())).not.toBe("Kitchen");
  });

  it("is told apart from other texts, other versions, and its own end", () => {
    expect(sentence("hello")).toContain("This is not an invite");
    expect(sentence(`${PAGE}#/join/AwAA`)).toContain("of version 3");
    expect(sentence(`${PAGE}#/join/AwAA`)).toContain("ask for a new one");
    expect(sentence(`${PAGE}#/join/CQAA`)).toContain("Reload this page");
    expect(parseInvite(payload()).servers).toEqual(SERVERS);
    const own = inviteToUrl({ ...invite, servers: [PAGE] }, PAGE);
    expect(sentence(own.slice(own.indexOf("/join/") + 6))).toContain("only the end of an invite link");
  });
});
