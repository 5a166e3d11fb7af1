/** The site and its signaling server together, as `npm start` runs them. */
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { join } from "node:path";
import { ROOT } from "../run/spawn.mjs";
import { certificate } from "./certificate.mjs";
import { siteConfig } from "./config.mjs";
import { lanAddresses } from "./lan.mjs";
import { listen } from "./listen.mjs";
import { answers } from "./ready.mjs";
import { SIGNALING_PATH, startSignaling } from "./signaling.mjs";
import { siteHandler } from "./site.mjs";

/** Addresses that mean all of this machine's. */
const EVERYWHERE = ["0.0.0.0", "::"];

/**
 * @typedef {object} Running
 * @property {string} url Where the site is, for this machine.
 * @property {string[]} lanUrls Where it is for the other devices of the local network.
 * @property {() => Promise<unknown>} close
 */

/**
 * Starts both; resolves when both have answered a request.
 * @param {import("../run/options.mjs").StartOptions} options
 * @returns {Promise<Running>} Rejects with a `CommandError` where a port cannot be had.
 */
export async function serve({ host, port, signalPort, origins, https }) {
  const everywhere = EVERYWHERE.includes(host);
  const lan = lanAddresses();
  const named = everywhere || host === "localhost" ? lan : [...lan, host];
  const tls = https ? await certificate(join(ROOT, ".cache", "certificate.json"), named) : undefined;
  let signalingPort = signalPort;
  const root = join(ROOT, "dist");
  const own = await siteConfig(root);
  const config = () =>
    own.signaling?.length ? own : { ...own, signaling: [{ port: signalingPort, path: SIGNALING_PATH }] };
  const handler = siteHandler({ root, config });
  const server = tls ? createTlsServer(tls, handler) : createServer(handler);
  const site = await listen(server, { host, port, variable: "PORT" });
  const signaling = await startSignaling({ host, port: signalPort, tls, origins });
  // Browsers remember that a person trusts a certificate per port, so over TLS the page signals through its own.
  if (tls) shareSignaling(server, handler, signaling.server);
  signalingPort = tls ? site.port : signaling.port;
  const protocol = tls ? "https" : "http";
  const name = everywhere ? "localhost" : host.includes(":") ? `[${host}]` : host;
  const url = `${protocol}://${name}:${site.port}/`;
  await answers(url, tls?.cert);
  await answers(`${protocol}://${name}:${signaling.port}${SIGNALING_PATH}/`, tls?.cert);
  return {
    url,
    lanUrls: everywhere ? lan.map((address) => `${protocol}://${address}:${site.port}/`) : [],
    close: () => Promise.all([site.close(), signaling.close()]),
  };
}

/**
 * Lets the site's port answer for signaling too.
 * @param {import("node:http").Server} site
 * @param {(request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => void} handler
 * @param {import("node:http").Server} signaling
 */
function shareSignaling(site, handler, signaling) {
  /** @param {import("node:http").IncomingMessage} request */
  const isSignaling = (request) => request.url?.startsWith(`${SIGNALING_PATH}/`);
  site.removeAllListeners("request");
  site.on("request", (request, response) =>
    isSignaling(request) ? signaling.emit("request", request, response) : handler(request, response),
  );
  site.on("upgrade", (request, socket, head) =>
    isSignaling(request) ? signaling.emit("upgrade", request, socket, head) : socket.destroy(),
  );
}
