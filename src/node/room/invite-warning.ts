/** Says when an invite cannot work for others, and what to do about it. */

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** A sentence if the invite leads to this machine only or to plain http; undefined if it is fine. */
export function inviteWarning(invite: string, servers: readonly string[]): string | undefined {
  const page = new URL(invite);
  if (LOOPBACK.test(page.hostname)) {
    return "This invite works on this computer only: the page is open at an address that others cannot reach. Open it at one that they can reach, and invite them from there.";
  }
  if (page.protocol !== "https:") {
    return "This invite does not work on other devices, because the page’s address has no https. Open the page at an https address, and invite others from there.";
  }
  const blocked = servers.find((server) => !server.startsWith("https:"));
  if (blocked)
    return `The signaling server ${blocked} has no https, so browsers will not connect to it from this page.`;
  return undefined;
}
