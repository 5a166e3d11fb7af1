/** A real man in the middle: it swaps the session descriptions in signaling, and has a connection to each side. */
import type { Page, WebSocketRoute } from "@playwright/test";
import type { SitePage } from "./site-page";

/** A frame that came to the man in the middle over one of his data channels. */
export interface RelayedFrame {
  /** The connection's id in signaling. */
  readonly connection: string;
  /** Whether the side that dialled sent it. */
  readonly fromOfferer: boolean;
  /** Its kind, which its header shows unencrypted. */
  readonly kind: string;
  /** All its bytes, one character each. */
  readonly text: string;
}

/** The record of the page of the man in the middle. */
export interface MiddleReport {
  /** Pairs of connections over which he carried frames both ways: `control` was open on both, over DTLS. */
  readonly carriedBothWays: number;
  readonly frames: readonly RelayedFrame[];
}

interface MiddlePage {
  /** Takes the dialling side's offer, and returns an answer to it and an offer for the other side, both of its own. */
  offered(id: string, sdp: string): Promise<{ answer: string; offer: string }>;
  answered(id: string, sdp: string): Promise<void>;
  candidate(id: string, fromOfferer: boolean, candidate: RTCIceCandidateInit): Promise<void>;
  report(): MiddleReport;
}

declare global {
  interface Window {
    middle?: MiddlePage;
  }
}

interface Payload {
  readonly connectionId: string;
  readonly sdp?: { readonly type: RTCSdpType; readonly sdp: string };
  readonly candidate?: RTCIceCandidateInit;
}

interface Message {
  readonly type: string;
  readonly payload?: Payload;
}

/** Sits in the signaling of all pages that are opened with its `prepare`. */
export class Middle {
  /** Offers that it has passed on. */
  offers = 0;
  /** If false, it passes everything on unchanged. */
  rewrites = true;
  readonly #page: Page;
  /** For each connection, the socket on which its offer came, and the answer that waits for the dialling side. */
  readonly #connections = new Map<string, { readonly line: WebSocketRoute; readonly answer: string }>();
  /** Descriptions and candidates are handled in the order of their arrival. */
  #work: Promise<void> = Promise.resolve();

  private constructor(page: Page) {
    this.#page = page;
  }

  /** Its own ends of the connections are in `page`, which may be any page with WebRTC. */
  static async start({ page }: SitePage): Promise<Middle> {
    await page.evaluate(installRelay);
    return new Middle(page);
  }

  /** Puts itself between a page and its signaling. Pass it to `openSite`. */
  readonly prepare = async ({ page }: SitePage): Promise<void> => {
    await page.routeWebSocket(/peerjs/, (line) => {
      const server = line.connectToServer();
      server.onMessage((message) => line.send(message));
      line.onMessage((text) => {
        this.#work = this.#work
          .then(async () => {
            const message = await this.#rewrite(line, JSON.parse(String(text)) as Message);
            if (message) server.send(JSON.stringify(message));
          })
          // A socket may close while its message is handled.
          .catch(() => undefined);
      });
    });
  };

  report(): Promise<MiddleReport> {
    return this.#page.evaluate(() => window.middle!.report());
  }

  /** The message as it goes on to the server; undefined if it is held back. */
  async #rewrite(line: WebSocketRoute, message: Message): Promise<Message | undefined> {
    const { type, payload } = message;
    if (type === "OFFER") this.offers++;
    if (!this.rewrites || !payload) return message;
    const { connectionId: id, sdp, candidate } = payload;
    const known = this.#connections.get(id);
    if (type === "OFFER" && sdp) {
      const made = await this.#page.evaluate(([key, text]) => window.middle!.offered(key, text), [
        id,
        sdp.sdp,
      ] as const);
      this.#connections.set(id, { line, answer: made.answer });
      return { ...message, payload: { ...payload, sdp: { type: "offer", sdp: made.offer } } };
    }
    if (type === "ANSWER" && sdp && known) {
      await this.#page.evaluate(([key, text]) => window.middle!.answered(key, text), [id, sdp.sdp] as const);
      return { ...message, payload: { ...payload, sdp: { type: "answer", sdp: known.answer } } };
    }
    if (type === "CANDIDATE" && candidate && known) {
      const heard = [id, line === known.line, candidate] as const;
      await this.#page.evaluate(([key, side, init]) => window.middle!.candidate(key, side, init), heard);
      return undefined;
    }
    return message;
  }
}

/** Runs in the page of the man in the middle: plain WebRTC, two connections for each pair of victims. */
function installRelay(): void {
  interface Pair {
    readonly toOfferer: RTCPeerConnection;
    readonly toAnswerer: RTCPeerConnection;
    /** The sides whose frames were passed on to the other. */
    readonly relayed: Set<boolean>;
  }
  const pairs = new Map<string, Pair>();
  const frames: RelayedFrame[] = [];

  const gathered = async (pc: RTCPeerConnection): Promise<string> => {
    while (pc.iceGatheringState !== "complete") {
      await new Promise((resolve) => pc.addEventListener("icegatheringstatechange", resolve, { once: true }));
    }
    return pc.localDescription!.sdp;
  };

  /** Records the frames of `from` and sends them over the channel of `to` once that is open. */
  const relay = (id: string, pair: Pair, from: RTCDataChannel, to: Promise<RTCDataChannel>, fromOfferer: boolean) => {
    from.binaryType = "arraybuffer";
    const open = to.then(async (channel) => {
      if (channel.readyState !== "open") await new Promise((resolve) => channel.addEventListener("open", resolve));
      return channel;
    });
    from.addEventListener("message", ({ data }: MessageEvent<ArrayBuffer>) => {
      const bytes = new Uint8Array(data);
      const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
      frames.push({ connection: id, fromOfferer, kind: text.slice(2, 2 + (bytes[1] ?? 0)), text });
      void open
        .then((channel) => {
          channel.send(data);
          pair.relayed.add(fromOfferer);
        })
        // A victim that has refused is gone.
        .catch(() => undefined);
    });
  };

  window.middle = {
    async offered(id, sdp) {
      const toOfferer = new RTCPeerConnection();
      const toAnswerer = new RTCPeerConnection();
      const pair = { toOfferer, toAnswerer, relayed: new Set<boolean>() };
      pairs.set(id, pair);
      const far = toAnswerer.createDataChannel("control", { ordered: true });
      const near = new Promise<RTCDataChannel>((resolve) => {
        toOfferer.addEventListener("datachannel", ({ channel }) => {
          relay(id, pair, channel, Promise.resolve(far), true);
          resolve(channel);
        });
      });
      relay(id, pair, far, near, false);
      await toOfferer.setRemoteDescription({ type: "offer", sdp });
      await toOfferer.setLocalDescription();
      await toAnswerer.setLocalDescription();
      const [answer, offer] = await Promise.all([gathered(toOfferer), gathered(toAnswerer)]);
      return { answer, offer };
    },
    answered: async (id, sdp) => pairs.get(id)?.toAnswerer.setRemoteDescription({ type: "answer", sdp }),
    async candidate(id, fromOfferer, candidate) {
      const pair = pairs.get(id);
      await (fromOfferer ? pair?.toOfferer : pair?.toAnswerer)?.addIceCandidate(candidate);
    },
    report: () => ({
      carriedBothWays: [...pairs.values()].filter(({ relayed }) => relayed.size === 2).length,
      frames: [...frames],
    }),
  };
}
