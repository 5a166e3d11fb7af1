/** Listening on a host and port, with one clear line where that is not possible. */
import { createServer } from "node:net";
import { CommandError } from "../run/message.mjs";

/** The name that stands for both loopback addresses, IPv4 and IPv6. */
export const LOOPBACK = "localhost";

/**
 * @typedef {object} Listening
 * @property {number} port The port in use, also where 0 was asked for.
 * @property {() => Promise<void>} close Stops listening and ends every connection.
 */

/** @typedef {{ host: string, port: number, variable: string }} Where `variable`: what changes the port. */

/**
 * Listens on `host`. `localhost` means 127.0.0.1 and, where there is one, ::1: a browser may try either first.
 * @param {import("node:net").Server} server
 * @param {Where} where
 * @returns {Promise<Listening>} Rejects with a `CommandError` where the port or the host cannot be had.
 */
export async function listen(server, where) {
  await bind(server, { ...where, host: firstAddress(where.host) });
  return adopt(server, where);
}

/**
 * The same for a server that listens already, on the first address of `host`.
 * @param {import("node:net").Server} server
 * @param {Where} where
 * @returns {Promise<Listening>}
 */
export async function adopt(server, where) {
  /** @type {Set<import("node:net").Socket>} */
  const sockets = new Set();
  server.on("connection", (/** @type {import("node:net").Socket} */ socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : where.port;
  const second = where.host === LOOPBACK ? await alsoOnIpv6(server, { ...where, port }) : undefined;
  return {
    port,
    close: async () => {
      const closed = [server, second].map((each) => new Promise((done) => (each ? each.close(done) : done(null))));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}

/** @param {string} host */
export function firstAddress(host) {
  return host === LOOPBACK ? "127.0.0.1" : host;
}

/**
 * A second listener that hands its connections to the first server.
 * @param {import("node:net").Server} server
 * @param {Where} where
 */
async function alsoOnIpv6(server, where) {
  const second = createServer((socket) => server.emit("connection", socket));
  try {
    await bind(second, { ...where, host: "::1" });
    return second;
  } catch (error) {
    if (error instanceof CommandError && error.cause === "no-address") return undefined;
    server.close();
    throw error;
  }
}

/**
 * @param {import("node:net").Server} server
 * @param {Where} where
 * @returns {Promise<void>}
 */
function bind(server, where) {
  return new Promise((resolve, reject) => {
    /** @param {NodeJS.ErrnoException} error */
    const onError = (error) => reject(listenError(error, where));
    server.once("error", onError);
    server.listen(where.port, where.host, () => {
      server.off("error", onError);
      resolve();
    });
  });
}

/**
 * The system's error as one line that says what to do.
 * @param {NodeJS.ErrnoException} error
 * @param {Where} where
 */
export function listenError(error, { host, port, variable }) {
  switch (error.code) {
    case "EADDRINUSE":
      return new CommandError(
        `Port ${port} is already in use. Stop the program that holds it, or choose another: ${variable}=${port + 10} npm start`,
      );
    case "EACCES":
      return new CommandError(
        `Port ${port} needs more rights than this user has. Choose one from 1024 on: ${variable}=…`,
      );
    case "EADDRNOTAVAIL":
    case "EAFNOSUPPORT":
      return new CommandError(`${host} is not an address of this machine. Set HOST to one that is.`, {
        cause: "no-address",
      });
    default:
      return new CommandError(`Cannot listen on ${host}, port ${port} (${error.code ?? error.message}).`);
  }
}
