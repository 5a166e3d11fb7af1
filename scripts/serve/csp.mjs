/**
 * The Content-Security-Policy of the site: should a text of somebody else ever become markup, it still does not run.
 * The build writes it into the page, for any web host; the site's own server sends it as well, since workers take
 * theirs from the header of their script.
 */

/** Where each kind of content may come from; everything that is not named here is blocked. */
const DIRECTIVES = {
  "default-src": ["'none'"],
  // The engines are WebAssembly. No inline script, no eval, and no other host: a stolen page stays alone.
  "script-src": ["'self'", "'wasm-unsafe-eval'"],
  "worker-src": ["'self'"],
  // Components style themselves through constructed style sheets and properties, which need no permission.
  "style-src": ["'self'"],
  "img-src": ["'self'", "data:", "blob:"],
  "font-src": ["'self'"],
  "manifest-src": ["'self'"],
  // Signaling servers, model hubs and endpoints are the user's to choose, a server in the local network included.
  // From an https page browsers reach plain http on this very device only, whatever stands here.
  // The controls read their own icons from data: URLs, which reach nobody.
  "connect-src": ["'self'", "data:", "https:", "wss:", "http:", "ws:"],
  "object-src": ["'none'"],
  "frame-src": ["'none'"],
  "base-uri": ["'none'"],
  "form-action": ["'none'"],
};

/** Directives that only the header has, or has otherwise. */
const HEADER_DIRECTIVES = {
  // Browsers heed it in a header only: nobody may lay the page under theirs to steal clicks.
  "frame-ancestors": ["'none'"],
  // llama.cpp starts its worker and threads from a script in memory. The page heeds its own policy too, so this is for workers only.
  "worker-src": ["'self'", "blob:"],
};

/** For `<meta http-equiv="Content-Security-Policy">` in the page. */
export const META_POLICY = policy(DIRECTIVES);
/** For the header `content-security-policy` of everything that the site's server sends. */
export const HEADER_POLICY = policy({ ...DIRECTIVES, ...HEADER_DIRECTIVES });

/** @param {Readonly<Record<string, readonly string[]>>} directives */
function policy(directives) {
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources.join(" ")}`)
    .join("; ");
}
