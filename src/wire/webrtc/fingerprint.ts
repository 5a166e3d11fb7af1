/** SHA-256 fingerprints of DTLS certificates, as bytes. */
import { type Bytes, MicrogridError } from "../../core";

/** The SHA-256 fingerprint of our own certificate. Throws `handshake-failed` if it has none. */
export function certificateFingerprint(certificate: RTCCertificate): Bytes {
  const entry = certificate.getFingerprints().find(({ algorithm }) => algorithm?.toLowerCase() === "sha-256");
  return parseFingerprint(entry?.value);
}

/** The only SHA-256 fingerprint in a session description. Throws `handshake-failed` if there is none, or several that differ. */
export function sdpFingerprint(sdp: string | undefined): Bytes {
  const values = [...(sdp ?? "").matchAll(/^a=fingerprint:sha-256 ([0-9a-f:]+)\s*$/gim)].map((match) => match[1]);
  if (new Set(values.map((value) => value?.toLowerCase())).size !== 1) throw unknownFingerprint();
  return parseFingerprint(values[0]);
}

function parseFingerprint(text: string | undefined): Bytes {
  if (!text || !/^([0-9a-f]{2}:){31}[0-9a-f]{2}$/i.test(text)) throw unknownFingerprint();
  return Uint8Array.from(text.split(":"), (pair) => parseInt(pair, 16));
}

function unknownFingerprint(): MicrogridError {
  return new MicrogridError(
    "handshake-failed",
    "This browser does not reveal which certificate a connection uses, so the connection cannot be trusted.",
  );
}
