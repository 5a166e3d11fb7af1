/**
 * WebCrypto in the simulation. It answers at once instead of from other threads: whole handshakes are then part of the task that
 * brought their message, and nobody waits for threads while the clock stands still.
 */
import {
  KeyObject,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  sign,
  verify,
} from "node:crypto";

/** A key of bytes, in the place of a `CryptoKey` of HKDF, HMAC or AES-GCM. */
class SecretKey {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** Keys of Ed25519 as Node has them. */
const converted = new WeakMap<object, KeyObject>();

const TAG_BYTES = 16;

type Call = (...args: unknown[]) => Promise<unknown>;

/** The calls of WebCrypto that a room makes again and again; `real` is used for all else. */
export function swiftCrypto(real: SubtleCrypto): Readonly<Record<string, Call>> {
  const importKey = real.importKey.bind(real) as Call;
  const keys = new Map<string, Promise<unknown>>();
  const answers = new Map<string, boolean>();
  return {
    digest: async (_, data) =>
      exact(
        createHash("sha256")
          .update(data as Uint8Array)
          .digest(),
      ),
    importKey: async (format, data, algorithm, ...rest) => {
      if (format !== "raw" || !(data instanceof Uint8Array)) return importKey(format, data, algorithm, ...rest);
      if (algorithm === "HKDF" || (algorithm as Algorithm).name === "HMAC") return new SecretKey(data.slice());
      const name = text(data);
      const key = keys.get(name) ?? importKey(format, data, algorithm, ...rest);
      keys.set(name, key);
      return key;
    },
    deriveKey: async (how, key) => new SecretKey(derived(how as HkdfParams, key as SecretKey, 32)),
    deriveBits: async (how, key, bits) => exact(derived(how as HkdfParams, key as SecretKey, (bits as number) / 8)),
    encrypt: async (how, key, data) => {
      const cipher = createCipheriv("aes-256-gcm", (key as SecretKey).bytes, ivOf(how));
      return exact(Buffer.concat([cipher.update(data as Uint8Array), cipher.final(), cipher.getAuthTag()]));
    },
    decrypt: async (how, key, data) => {
      const sealed = data as Uint8Array;
      const decipher = createDecipheriv("aes-256-gcm", (key as SecretKey).bytes, ivOf(how));
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      return exact(Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]));
    },
    sign: async (_, key, data) => {
      if (key instanceof SecretKey)
        return exact(
          createHmac("sha256", key.bytes)
            .update(data as Uint8Array)
            .digest(),
        );
      return exact(sign(null, data as Uint8Array, keyObject(key as CryptoKey)));
    },
    // A thousand nodes check each statement a thousand times over. The answer to a question that was asked before is remembered;
    // whoever asks does the rest of the work all the same.
    verify: async (_, key, signature, data) => {
      const asked = keyObject(key as CryptoKey);
      const [signed, bytes] = [signature as Uint8Array, data as Uint8Array];
      const question = `${text(signed)} ${createHash("sha256").update(bytes).digest("base64")} ${nameOf(asked)}`;
      const answer = answers.get(question) ?? verify(null, bytes, asked, signed);
      answers.set(question, answer);
      return answer;
    },
  };
}

const names = new WeakMap<KeyObject, string>();

function nameOf(key: KeyObject): string {
  const name = names.get(key) ?? text(key.export({ format: "der", type: "spki" }));
  names.set(key, name);
  return name;
}

function keyObject(key: CryptoKey): KeyObject {
  const known = converted.get(key) ?? KeyObject.from(key);
  converted.set(key, known);
  return known;
}

function derived({ salt, info }: HkdfParams, { bytes }: SecretKey, length: number): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", bytes, salt as Uint8Array, info as Uint8Array, length));
}

function ivOf(how: unknown): Uint8Array {
  return (how as AesGcmParams).iv as Uint8Array;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** Memory of its own, as WebCrypto gives it: small buffers of Node share theirs. */
function exact(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
