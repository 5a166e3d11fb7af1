/**
 * Lines without any server: an offer and an answer that travel as text, by hand or over a link that exists.
 * All candidates are gathered first, so that one text each way is enough.
 */
import { base64urlnopad } from "@scure/base";
import * as v from "valibot";
import { decodeCbor, encodeCbor, MicrogridError } from "../../core";
import { GATHER_TIMEOUT_MS, MAX_DESCRIPTION_CHARS } from "../constants";
import type { RawLink } from "../transport";
import { WebRtcLine } from "./line";

/** The side that begins. */
export interface HandOffer {
  /** To be brought to the other side. */
  readonly text: string;
  /** Takes the other side's text; resolves when the line is open. Throws `bad-request` for a text that is none. */
  accept(answer: string): Promise<RawLink>;
  cancel(): void;
}

/** The side that was offered something. */
export interface HandAnswer {
  /** To be brought back. */
  readonly text: string;
  /** Resolves when the line is open, rejects when it is cancelled or cannot be made. */
  readonly link: Promise<RawLink>;
  cancel(): void;
}

const Description = v.strictObject({
  v: v.literal(1),
  type: v.picklist(["offer", "answer"]),
  sdp: v.pipe(v.string(), v.maxLength(MAX_DESCRIPTION_CHARS)),
});

/** Begins a line. */
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

/** Answers an offer. Throws `bad-request` for a text that is none. */
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

/** The local description with all candidates, or with those that were found in time. */
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

/** The description in a text. Throws `bad-request` where there is none of that type. */
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
