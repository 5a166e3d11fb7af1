/** Starts workers from a URL, also where the page is on another origin than the script. */

/**
 * Starts a module worker. A worker's script must be of the page's origin; for a script of another
 * origin (the embedded element), a same-origin blob imports it instead.
 */
export function spawnWorker(url: string | URL, name: string): Worker {
  const script = new URL(url, location.href);
  if (script.origin === location.origin) return new Worker(script, { type: "module", name });
  const source = new Blob([`import ${JSON.stringify(script.href)};`], { type: "text/javascript" });
  const blobUrl = URL.createObjectURL(source);
  const worker = new Worker(blobUrl, { type: "module", name });
  // The blob is read asynchronously; it is tiny, and freed with the page.
  return worker;
}
