/** Starts workers from a URL, even if the page has a different origin than the script. */

/**
 * Starts a module worker. Browsers require that a worker's script has the page's origin. For a script with a different origin
 * (the embedded element), a blob with the page's origin imports it.
 */
export function spawnWorker(url: string | URL, name: string): Worker {
  const script = new URL(url, location.href);
  if (script.origin === location.origin) return new Worker(script, { type: "module", name });
  const source = new Blob([`import ${JSON.stringify(script.href)};`], { type: "text/javascript" });
  const blobUrl = URL.createObjectURL(source);
  const worker = new Worker(blobUrl, { type: "module", name });
  // The URL is not revoked, because the worker reads the blob asynchronously; it is tiny and freed with the page.
  return worker;
}
