/** Detects a page that was opened over plain http from another machine, where Microgrid cannot run. */

/** Says why Microgrid cannot run at this address and what to do about it; undefined if it can run. */
export function missingSecureContext(page: {
  readonly isSecureContext: boolean;
  readonly location: { readonly protocol: string; readonly host: string };
}): string | undefined {
  if (page.isSecureContext) return undefined;
  return (
    `This page was opened at ${page.location.protocol}//${page.location.host}, without encryption. At such an address browsers switch off ` +
    "WebGPU, cryptographic keys, storage locks and offline use, all of which Microgrid needs, so it cannot start here. " +
    "Ask whoever runs this site to start it with “npm start -- --https” and open the https address that it prints; " +
    "on the computer that runs the site, http://localhost works too."
  );
}
