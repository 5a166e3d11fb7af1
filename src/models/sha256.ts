/** SHA-256 that takes its input in pieces; WebCrypto's digest wants the whole input in memory at once. */
import { sha256 } from "@noble/hashes/sha2.js";
import { toHex, utf8 } from "../core";

/** An incremental SHA-256: `update` with the pieces in order, then `digest` once. */
export class Sha256 {
  readonly #hash = sha256.create();

  /** Takes the next piece of the input. */
  update(piece: Uint8Array): this {
    this.#hash.update(piece);
    return this;
  }

  /** The hash of everything so far in lower-case hexadecimal. The object must not be used afterwards. */
  digest(): string {
    return toHex(this.#hash.digest());
  }
}

/** SHA-256 of a short text (UTF-8) in lower-case hexadecimal. */
export function sha256Text(text: string): string {
  return toHex(sha256(utf8(text)));
}
