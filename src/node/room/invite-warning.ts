/** Says when an invite cannot work for others, and what to do about it. */

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** A sentence if the invite leads to this machine only or to plain http; undefined if it is fine. */
export function inviteWarning(invite: string, servers: readonly string[]): string | undefined {
  const page = new URL(invite);
  if (LOOPBACK.test(page.hostname)) {
    return "Other devices can’t open this address: it leads to this machine only. Open this page under an address that others can reach, and invite from there.";
  }
  if (page.protocol !== "https:") {
    return "Other devices can’t open this address: without https, browsers switch off what Microgrid needs. Open this page under an https address, and invite from there.";
  }
  const blocked = servers.find((server) => !server.startsWith("https:"));
  if (blocked)
    return `The signaling server ${blocked} has no https, so browsers will not connect to it from this page.`;
  return undefined;
}
