/** Keys and dids: valid signatures verify, and nothing else does. */
import { describe, expect, it } from "vitest";
import { utf8 } from "../core";
import { didFromPublicKey, makeEphemeralKey, publicKeyFromDid, verifySignature } from "./index";

describe("did:key", () => {
  it("names a key as the did:key specification does", () => {
    // Example from the did:key specification (W3C CCG), Ed25519.
    const did = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
    expect(didFromPublicKey(publicKeyFromDid(did))).toBe(did);
  });

  it.each(["", "did:key:", "did:web:example.org", "did:key:z0OIl", "did:key:z6Mk", `did:key:z${"6".repeat(5000)}`])(
    "refuses %j",
    (text) => expect(() => publicKeyFromDid(text)).toThrow(/not an identity/),
  );
});

describe("signatures", () => {
  it("verify only under the signer's did and over the same bytes", async () => {
    const [ada, bob] = [await makeEphemeralKey(), await makeEphemeralKey()];
    const signature = await ada.sign(utf8("a statement"));
    expect(signature).toHaveLength(64);
    expect(await verifySignature(ada.did, utf8("a statement"), signature)).toBe(true);
    expect(await verifySignature(ada.did, utf8("a statement."), signature)).toBe(false);
    expect(await verifySignature(bob.did, utf8("a statement"), signature)).toBe(false);
    expect(await verifySignature("nobody", utf8("a statement"), signature)).toBe(false);
    expect(await verifySignature(ada.did, utf8("a statement"), signature.slice(1))).toBe(false);
  });
});
