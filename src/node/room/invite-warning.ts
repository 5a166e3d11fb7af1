/** Says when an invite cannot work for others, and what to do about it. */

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** A sentence if the invite leads to this machine only or to plain http; undefined if it is fine. */
export function inviteWarning(invite: string, servers: readonly string[]): string | undefined {
  const page = new URL(invite);
  if (LOOPBACK.test(page.hostname)) {
    return "This invite leads to localhost, so it works on this machine only. Start with “npm start -- --https”, open the address of this machine in the network, and invite from there.";
  }
  if (page.protocol !== "https:") {
    return "This invite leads to a page without https, where browsers switch off what Microgrid needs. Start with “npm start -- --https” and invite from that address.";
  }
  const blocked = servers.find((server) => !server.startsWith("https:"));
  if (blocked)
    return `The signaling server ${blocked} has no https, so browsers will not connect to it from this page.`;
  return undefined;
}
