/** The addresses under which other devices of the local network reach this machine. */
import { networkInterfaces } from "node:os";

/** @returns {string[]} IPv4 addresses of this machine, loopback left out */
export function lanAddresses(interfaces = networkInterfaces()) {
  return Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === "IPv4" && !internal)
    .map(({ address }) => address);
}
