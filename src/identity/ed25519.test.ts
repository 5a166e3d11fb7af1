/** Keys of small order sign nothing, with WebCrypto as with the library. */
import { verifyAsync } from "@noble/ed25519";
import { expect, it } from "vitest";
import { concat, utf8 } from "../core";
import { verifyWith } from "./ed25519";

it("a key whose one signature fits every text is refused, as the library refuses it", async () => {
  const neutral = new Uint8Array(32);
  neutral[0] = 1;
  const signature = concat(neutral, new Uint8Array(32));
  for (const text of ["one", "another"]) {
    expect(await verifyWith(neutral, utf8(text), signature)).toBe(false);
    expect(await verifyAsync(signature, utf8(text), neutral, { zip215: false })).toBe(false);
  }
});
