/** What a page lacks that was opened over plain http from another machine. */

/** Why Microgrid cannot run on this address, and what to do; undefined where it can. */
export function missingSecureContext(page: {
  readonly isSecureContext: boolean;
  readonly location: { readonly protocol: string; readonly host: string };
}): string | undefined {
  if (page.isSecureContext) return undefined;
  return (
    `This page was opened at ${page.location.protocol}//${page.location.host}, without encryption. On such an address browsers switch off ` +
    "WebGPU, cryptographic keys, storage locks and offline use, all of which Microgrid needs, so it cannot start here. " +
    "Ask whoever runs this site to start it with “npm start -- --https” and open the https address that it prints; " +
    "on the computer that runs it, http://localhost works too."
  );
}
