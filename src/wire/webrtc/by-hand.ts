/**
 * Connections without any server: an offer and an answer travel as text, by hand or over an existing link.
 * All candidates are gathered first, so one text in each direction is enough.
 */
import { base64urlnopad } from "@scure/base";
import * as v from "valibot";
import { decodeCbor, encodeCbor, MicrogridError } from "../../core";
import { GATHER_TIMEOUT_MS, MAX_DESCRIPTION_CHARS } from "../constants";
import type { RawLink } from "../transport";
import { WebRtcLine } from "./line";

/** The side that makes the offer. */
export interface HandOffer {
  /** Must be delivered to the other side. */
  readonly text: string;
  /** Takes the other side's text; resolves when the connection is open. Throws `bad-request` if the text is not an answer. */
  accept(answer: string): Promise<RawLink>;
  cancel(): void;
}

/** The side that answers an offer. */
export interface HandAnswer {
  /** Must be delivered to the side that made the offer. */
  readonly text: string;
  /** Resolves when the connection is open; rejects if it is cancelled or fails. */
  readonly link: Promise<RawLink>;
  cancel(): void;
}

const Description = v.strictObject({
  v: v.literal(1),
  type: v.picklist(["offer", "answer"]),
  sdp: v.pipe(v.string(), v.maxLength(MAX_DESCRIPTION_CHARS)),
});

/** Starts a connection. */
export async function offerByHand(rtc: RTCConfiguration): Promise<HandOffer> {
  const { pc, line } = await connection(rtc);
  line.setControl(pc.createDataChannel("control", { ordered: true }));
  line.attach(pc);
  await pc.setLocalDescription(await pc.createOffer());
  const text = await describe(pc);
  return {
    text,
    accept: async (answer) => {
      await pc.setRemoteDescription(readDescription(answer, "answer"));
      return line.opened(true);
    },
    cancel: () => line.end("it was cancelled"),
  };
}

/** Answers an offer. Throws `bad-request` if the text is not an offer. */
export async function answerByHand(rtc: RTCConfiguration, offer: string): Promise<HandAnswer> {
  const description = readDescription(offer, "offer");
  const { pc, line } = await connection(rtc);
  pc.ondatachannel = ({ channel }) => line.setControl(channel);
  line.attach(pc);
  try {
    await pc.setRemoteDescription(description);
    await pc.setLocalDescription(await pc.createAnswer());
  } catch (error) {
    line.end("its offer cannot be used");
    throw new MicrogridError("bad-request", "This offer cannot be used by this browser.", { cause: error });
  }
  const link = line.opened(false);
  link.catch(() => undefined);
  return { text: await describe(pc), link, cancel: () => line.end("it was cancelled") };
}

async function connection(rtc: RTCConfiguration): Promise<{ pc: RTCPeerConnection; line: WebRtcLine }> {
  const certificate = await RTCPeerConnection.generateCertificate({
    name: "ECDSA",
    namedCurve: "P-256",
  } as AlgorithmIdentifier);
  return { pc: new RTCPeerConnection({ ...rtc, certificates: [certificate] }), line: new WebRtcLine() };
}

/** Encodes the local description with all candidates that were found in time. */
async function describe(pc: RTCPeerConnection): Promise<string> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, GATHER_TIMEOUT_MS);
    const check = (): void => {
      if (pc.iceGatheringState !== "complete") return;
      clearTimeout(timer);
      resolve();
    };
    pc.addEventListener("icegatheringstatechange", check);
    check();
  });
  const { type, sdp } = pc.localDescription ?? {};
  return base64urlnopad.encode(encodeCbor({ v: 1, type, sdp }));
}

/** Reads the description from a text. Throws `bad-request` if the text contains no description of that type. */
export function readDescription(text: string, type: "offer" | "answer"): RTCSessionDescriptionInit {
  const fail = (cause?: unknown): MicrogridError =>
    new MicrogridError("bad-request", `This is not the ${type} of another device. Copy its whole text again.`, {
      cause,
    });
  const trimmed = text.trim();
  if (trimmed.length > 2 * MAX_DESCRIPTION_CHARS) throw fail();
  try {
    const parsed = v.parse(Description, decodeCbor(base64urlnopad.decode(trimmed)));
    if (parsed.type !== type) throw new Error(`it is of type ${parsed.type}`);
    return { type: parsed.type, sdp: parsed.sdp };
  } catch (error) {
    throw fail(error);
  }
}
