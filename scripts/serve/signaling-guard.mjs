/** The limits of the signaling server: which pages may use it, and how much one address may ask of it. */
import { isIP } from "node:net";
import { hostname } from "node:os";
import { WebSocketServer } from "ws";

/** The longest offer that was seen has 12 KiB. */
const MAX_MESSAGE_BYTES = 64 * 1024;
/** Ids that one address may hold: 70 devices behind one router, with up to seven ids each. */
const MAX_IDS_PER_ADDRESS = 500;
/** Messages of one address. 32 devices behind one router that meet at once send some 10,000. */
const MESSAGES = { burst: 20_000, perSecond: 2_000 };
const BYTES = { burst: 32 * 1024 * 1024, perSecond: 4 * 1024 * 1024 };
/** Bytes that wait for a client that does not read them; more than that ends it. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** Longest id and token; those of rooms have 64 characters. */
const MAX_PARAMETER_CHARS = 128;

/**
 * @typedef {object} GuardOptions
 * @property {string} [origins] Origins of pages that may use the server besides those on its own host, separated by spaces; `*` is
 *   any.
 * @property {number} [idsPerAddress]
 * @property {{ burst: number, perSecond: number }} [messages]
 */

/** Counts what one address does. */
class Address {
  ids = 0;
  #messages;
  #bytes = new Bucket(BYTES);

  /** @param {{ burst: number, perSecond: number }} messages */
  constructor(messages) {
    this.#messages = new Bucket(messages);
  }

  /** @param {number} bytes */
  takes(bytes) {
    return this.#messages.take(1) && this.#bytes.take(bytes);
  }
}

class Bucket {
  #left;
  #at = performance.now();
  #rate;

  /** @param {{ burst: number, perSecond: number }} rate */
  constructor(rate) {
    this.#rate = rate;
    this.#left = rate.burst;
  }

  /** @param {number} amount */
  take(amount) {
    const now = performance.now();
    const { burst, perSecond } = this.#rate;
    this.#left = Math.min(burst, this.#left + ((now - this.#at) * perSecond) / 1000) - amount;
    this.#at = now;
    return this.#left >= 0;
  }
}

/**
 * Makes the WebSocket server for `PeerServer`, which itself limits nothing. In particular, `PeerServer` would keep a message for an id
 * that nobody holds; here, its sender is told at once that nobody is there.
 * @param {import("ws").ServerOptions} options
 * @param {GuardOptions} guard
 */
export function guardedServer(options, { origins = "", idsPerAddress = MAX_IDS_PER_ADDRESS, messages = MESSAGES }) {
  /** @type {Map<string, Address>} */
  const addresses = new Map();
  /** @type {Map<string, { socket: import("ws").WebSocket, token: string }>} */
  const held = new Map();
  const server = new WebSocketServer({
    ...options,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    verifyClient: ({ origin, req }, answer) => {
      if (!mayUse(origin, req.headers.host, origins)) return answer(false, 403, "This page may not use this server");
      const { id, token } = parametersOf(req);
      if (id.length > MAX_PARAMETER_CHARS || token.length > MAX_PARAMETER_CHARS) return answer(false, 400);
      const ids = addresses.get(req.socket.remoteAddress ?? "")?.ids ?? 0;
      return ids < idsPerAddress ? answer(true) : answer(false, 429, "Too many ids from one address");
    },
  });
  server.on("connection", (socket, request) => {
    const name = request.socket.remoteAddress ?? "";
    const address = addresses.get(name) ?? new Address(messages);
    addresses.set(name, address);
    address.ids++;
    const { id, token } = parametersOf(request);
    const holder = held.get(id);
    if (!holder || holder.token === token) held.set(id, { socket, token });
    socket.once("close", () => {
      address.ids--;
      if (address.ids === 0) setTimeout(() => address.ids === 0 && addresses.delete(name), 60_000).unref();
      if (held.get(id)?.socket === socket) held.delete(id);
    });
    const emit = socket.emit.bind(socket);
    // The only way to see a message before `PeerServer` does.
    socket.emit = (event, ...args) => {
      if (event !== "message") return emit(event, ...args);
      const [data] = args;
      if (!address.takes(data.length)) {
        socket.close(1008, "Too many messages from one address");
        return false;
      }
      const target = targetOf(data);
      const receiver = target === undefined ? undefined : held.get(target)?.socket;
      if (target !== undefined && !receiver) {
        socket.send(JSON.stringify({ type: "EXPIRE", src: target, dst: id }));
        return false;
      }
      if (receiver && receiver.bufferedAmount > MAX_WAITING_BYTES) receiver.terminate();
      return emit(event, ...args);
    };
  });
  return server;
}

/**
 * Whether a page may use the server: its host is the server's own, or the server's operator has named it. Programs that are not pages
 * send no origin. Of host names, only this machine's own count: any other could lead here by a trick of the name's owner.
 * @param {string | undefined} origin
 * @param {string | undefined} host
 * @param {string} others
 */
export function mayUse(origin, host, others) {
  const named = others.split(/\s+/);
  if (origin === undefined || named.includes("*") || named.includes(origin)) return true;
  const [page, own] = [nameOf(origin), nameOf(`http://${host ?? ""}`)];
  if (page === undefined || page !== own) return false;
  const machine = hostname().toLowerCase();
  return isIP(page.replace(/^\[|\]$/g, "")) > 0 || ["localhost", machine, `${machine}.local`].includes(page);
}

/** @param {string} url */
function nameOf(url) {
  return URL.canParse(url) ? new URL(url).hostname.toLowerCase() : undefined;
}

/** @param {import("node:http").IncomingMessage} request */
function parametersOf({ url = "" }) {
  const { searchParams } = new URL(url, "http://peerjs");
  return { id: searchParams.get("id") ?? "", token: searchParams.get("token") ?? "" };
}

/**
 * The id that a message is for; undefined if it is for the server, or makes no sense.
 * @param {Buffer} data
 */
function targetOf(data) {
  try {
    const { dst } = JSON.parse(data.toString());
    return typeof dst === "string" && dst !== "" ? dst : undefined;
  } catch {
    return undefined;
  }
}
