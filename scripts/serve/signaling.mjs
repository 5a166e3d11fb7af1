/** The signaling server: the real PeerJS server, with limits that rooms expect. */
import { PeerServer } from "peer";
import { guardedServer } from "./signaling-guard.mjs";
import { adopt, firstAddress, listenError } from "./listen.mjs";

/** Where the server answers; PeerJS clients take this as their `path`. */
export const SIGNALING_PATH = "/microgrid";
/** How long an id stays taken when its holder vanished without a word. PeerJS clients ping every 5 s. */
const ALIVE_TIMEOUT_MS = 20_000;
/** Ids that may be registered at once; a room takes up to three more than it has members. */
const CONCURRENT_LIMIT = 5_000;

/** @typedef {import("node:http").Server | import("node:https").Server} Server */

/**
 * Starts a signaling server. It gives nobody a list of who is there, and logs nothing.
 * @param {{ host: string, port: number, tls?: { key: string, cert: string } | undefined } & import("./signaling-guard.mjs").GuardOptions} options
 * @returns {Promise<import("./listen.mjs").Listening & { server: Server }>} Rejects with a `CommandError` where
 *   the port cannot be had.
 */
export async function startSignaling({ host, port, tls, ...guard }) {
  const where = { host, port, variable: "SIGNAL_PORT" };
  const server = await new Promise((/** @type {(server: Server) => void} */ resolve, reject) => {
    const peers = PeerServer(
      {
        host: firstAddress(host),
        port,
        path: SIGNALING_PATH,
        alive_timeout: ALIVE_TIMEOUT_MS,
        concurrent_limit: CONCURRENT_LIMIT,
        allow_discovery: false,
        createWebSocketServer: (options) => guardedServer(options, guard),
        ...(tls && { ssl: tls }),
      },
      resolve,
    );
    // Once it listens, errors are broken frames of single clients, which must not end the server for all.
    peers.on("error", (error) => reject(listenError(error, where)));
  });
  return { ...(await adopt(server, where)), server };
}
