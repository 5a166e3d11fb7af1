/** An independent implementation and this program both reproduce the test vectors of docs/protocol.md. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Bytes, Did } from "../core";
import type { Signer } from "../identity";
import { type Credentials, PROTOCOL_VERSIONS, tokenSecret } from "./handshake";
import { meet } from "./testing/handshake-pair";
import { type VectorInput, type VectorOutput, computeVector } from "./testing/reference-handshake";

interface Vector {
  readonly name: string;
  readonly given: VectorInput;
  readonly computed: VectorOutput;
}

const page = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");
const vectors = [...page.matchAll(/<!-- handshake vector: (.+?) -->\n+```json\n([\s\S]+?)```/g)].map(
  ([, name, json]): Vector => ({ name: name!, ...(JSON.parse(json!) as Omit<Vector, "name">) }),
);

const bytes = (hex: string): Bytes => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (all: Uint8Array): string => Array.from(all, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Signs with the vector's key. */
function signer(did: string, seed: string): Signer {
  const pkcs8 = bytes(`302e020100300506032b657004220420${seed}`);
  const key = crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]);
  return {
    did: did as Did,
    sign: async (message) => new Uint8Array(await crypto.subtle.sign("Ed25519", await key, new Uint8Array(message))),
  };
}

describe("test vectors of the handshake", () => {
  it("cover two members, and a guest", () => {
    expect(vectors.map(({ name, given }) => [name, given.token !== undefined])).toEqual([
      ["two members", false],
      ["a guest dials a member", true],
    ]);
  });

  it.each(vectors)("$name: follow from the page alone", ({ given, computed }) => {
    expect(computed).toEqual(computeVector(given));
  });

  it.each(vectors)("$name: are what this program sends", async ({ given, computed }) => {
    const secret = bytes(given.secret);
    const inEpoch: Credentials["claim"] = { kind: "member", epoch: given.epoch, secretOf: () => secret };
    const token = given.token === undefined ? undefined : bytes(given.token);
    const claim: Credentials["claim"] = token
      ? { kind: "guest", token, epoch: given.epoch, secret: await tokenSecret(secret, token) }
      : inEpoch;
    const [first, second] = [bytes(given.i.fingerprint), bytes(given.r.fingerprint)];
    const side = (role: "i" | "r", own: Credentials["claim"]) => ({
      credentials: {
        signer: signer(computed[`did_${role}`]!, given[role].key),
        roomId: given.roomId,
        agent: given[role].agent,
        claim: own,
      },
      offerer: role === "i",
      fingerprints: role === "i" ? { local: first, remote: second } : { local: second, remote: first },
      seam: { versions: PROTOCOL_VERSIONS, nonce: () => bytes(given[role].nonce) },
    });
    const { results, said } = await meet([side("i", claim), side("r", inEpoch)]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
    const sent = Object.fromEntries(
      said.map(({ from, kind, body }) => [kind === "ready" ? kind : `${kind}_${from === 0 ? "i" : "r"}`, hex(body)]),
    );
    const { m1_i, m1_r, m2_i, m2_r, ready } = computed;
    expect(sent).toEqual({ m1_i, m1_r, m2_i, m2_r, ready });
  });
});
