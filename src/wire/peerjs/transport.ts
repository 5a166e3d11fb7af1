/** The transport over PeerJS: one signaling server, whose ids are the endpoints. */
import { Peer, type PeerOptions } from "peerjs";
import { MicrogridError, deferred, onAbort, spawnWorker } from "../../core";
import { DIAL_TIMEOUT_MS, SIGNALING_OPEN_TIMEOUT_MS } from "../constants";
import { type Endpoint, NoDirectWayError, type RawLink, type Transport } from "../transport";
import { GridConnection } from "./connection";
import { Gate, boundMemory } from "./guard";
import heartbeatUrl from "../../../workers/heartbeat.ts?worker&url";

/** The address of a signaling server, and the WebRTC settings for peers that meet there. */
export interface PeerJsOptions {
  /** Base URL of a PeerServer, such as `https://signal.example.org:9000/microgrid`. */
  readonly url: string;
  /** ICE servers and policy. With an empty list of servers, only the local network is reachable. */
  readonly rtc: RTCConfiguration;
}

/** Includes options that PeerJS accepts but does not declare. */
type FullOptions = Omit<PeerOptions, "serializers"> & { serializers: Record<string, unknown>; pingInterval: number };

/** PeerJS also sends heartbeats by its own timer, but browsers slow down a hidden page's timers, so it is only a fallback. */
const PEERJS_PING_MS = 5_000;

/** A transport over one PeerServer. */
export class PeerJsTransport implements Transport {
  readonly #options: PeerJsOptions;
  #certificate: Promise<RTCCertificate> | undefined;

  constructor(options: PeerJsOptions) {
    this.#options = options;
  }

  async open(id: string, { signal }: { signal: AbortSignal }): Promise<Endpoint | "taken"> {
    signal.throwIfAborted();
    const url = new URL(this.#options.url);
    // All links use one certificate, so its fingerprint is known before a connection exists.
    this.#certificate ??= RTCPeerConnection.generateCertificate({
      name: "ECDSA",
      namedCurve: "P-256",
    } as AlgorithmIdentifier);
    const gate = new Gate();
    const certificates = [await this.#certificate];
    signal.throwIfAborted();
    const secure = url.protocol === "https:";
    const options: FullOptions = {
      host: url.hostname,
      port: Number(url.port || (secure ? 443 : 80)),
      path: url.pathname,
      secure,
      config: { ...this.#options.rtc, certificates },
      serializers: gate.serializers(),
      pingInterval: PEERJS_PING_MS,
      // Lost servers and connections are ordinary here: they are told to the person, and not on the console.
      debug: 0,
    };
    const peer = new Peer(id, options as PeerOptions);
    boundMemory(peer);
    const { promise, resolve, reject } = deferred<PeerJsEndpoint | "taken">();
    const give = (error: Error): void => {
      peer.destroy();
      reject(error);
    };
    const fail = (cause: unknown): void =>
      give(
        new MicrogridError("signaling-unreachable", `The signaling server at ${url.host} does not answer.`, { cause }),
      );
    const timer = setTimeout(() => fail(new Error("timeout")), SIGNALING_OPEN_TIMEOUT_MS);
    using _ = onAbort(signal, give);
    peer.on("error", (error) => {
      if (error.type === "unavailable-id") {
        peer.destroy();
        resolve("taken");
      } else if (!peer.open) fail(error);
    });
    // Only once: a server could send it repeatedly.
    peer.once("open", () => resolve(new PeerJsEndpoint(peer, gate)));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }
}

class PeerJsEndpoint implements Endpoint {
  readonly id: string;
  readonly closed: Promise<string>;
  onLink: (link: RawLink) => void = (link) => link.close("nobody listens");
  onNoDirectWay: (error: NoDirectWayError) => void = () => undefined;
  readonly #peer: Peer;
  /** Pending dials by the dialled id. The function fails the dial when the server reports that the id is absent. */
  readonly #dialling = new Map<string, (reason: string) => void>();

  constructor(peer: Peer, gate: Gate) {
    this.id = peer.id;
    this.#peer = peer;
    const stopBeat = beat(() => peer.socket.send({ type: "HEARTBEAT" }));
    this.closed = new Promise((resolve) => {
      const lost = (): void => {
        stopBeat();
        resolve("the connection to the signaling server was lost");
        // A Peer that lost its socket cannot reconnect while the server still holds its id.
        if (!peer.destroyed) peer.destroy();
      };
      peer.on("disconnected", lost);
      peer.on("close", lost);
    });
    peer.on("call", (call) => call.close());
    peer.on("connection", (connection: unknown) => {
      if (connection instanceof GridConnection) void this.#welcome(connection, gate);
    });
    peer.on("error", (error) => {
      if (error.type !== "peer-unavailable") return;
      for (const [id, fail] of this.#dialling) if (error.message.includes(id)) fail("nobody is there");
    });
  }

  async dial(id: string, { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal }): Promise<RawLink> {
    signal.throwIfAborted();
    const connection: unknown = this.#peer.connect(id, { serialization: "raw", reliable: true, label: "control" });
    if (!(connection instanceof GridConnection)) {
      throw new MicrogridError(
        "signaling-unreachable",
        "The connection to the signaling server was lost; it is being restored.",
      );
    }
    const give = (reason: string): void => connection.end(reason);
    const timer = setTimeout(() => connection.giveUp("it does not answer"), Math.min(timeoutMs, DIAL_TIMEOUT_MS));
    using _ = onAbort(signal, () => give("it was cancelled"));
    this.#dialling.set(id, give);
    try {
      return await connection.opened();
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(timer);
      this.#dialling.delete(id);
    }
  }

  close(): void {
    this.#peer.destroy();
  }

  async #welcome(connection: GridConnection, gate: Gate): Promise<void> {
    const timer = setTimeout(() => connection.giveUp("it never opened"), DIAL_TIMEOUT_MS);
    let counted = true;
    const leave = (): void => {
      if (counted) gate.leave();
      counted = false;
    };
    try {
      const link = await connection.opened();
      // It counts as half open until it is authenticated or gone.
      void link.closed.then(leave);
      this.onLink({
        ...link,
        protect: () => {
          link.protect();
          leave();
        },
      });
    } catch (error) {
      // Nothing else about a stranger's failed connection needs handling.
      if (error instanceof NoDirectWayError) this.onNoDirectWay(error);
      leave();
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Calls `tick` every few seconds, driven by a worker's timer, which browsers do not slow down in hidden pages. */
function beat(tick: () => void): () => void {
  const worker = spawnWorker(heartbeatUrl, "microgrid-heartbeat");
  worker.onmessage = tick;
  return () => worker.terminate();
}
