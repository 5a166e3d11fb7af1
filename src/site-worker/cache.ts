/**
 * One cache of the browser, which may be refused, full or emptied at any time: then there is nothing in it, and the site's
 * files come from the network as they would without a worker.
 */

/** Names are matched by address alone: the server's `vary` speaks of compression, which is over when a file is kept. */
const BY_ADDRESS = { ignoreVary: true } as const;

/** Keeps replies by their address. */
export class FileCache {
  readonly #caches: CacheStorage;
  readonly #name: string;

  constructor(caches: CacheStorage, name: string) {
    this.#caches = caches;
    this.#name = name;
  }

  /** The reply that is kept for an address, if there is one. */
  async find(url: string): Promise<Response | undefined> {
    return this.#caches.match(url, { ...BY_ADDRESS, cacheName: this.#name }).catch(() => undefined);
  }

  /** True if a reply is kept for this address. */
  async has(url: string): Promise<boolean> {
    return (await this.find(url)) !== undefined;
  }

  /** The addresses of all that is kept. */
  async addresses(): Promise<string[]> {
    if (!(await this.#caches.has(this.#name).catch(() => false))) return [];
    return (await (await this.#caches.open(this.#name)).keys()).map(({ url }) => url);
  }

  /** Keeps a reply. Rejects with a `QuotaExceededError` if there is no room, and with any error of the reply's body. */
  async put(url: string, response: Response): Promise<void> {
    await (await this.#caches.open(this.#name)).put(url, await asServed(response));
  }

  /** Keeps a reply if that is possible. */
  async offer(url: string, response: Response): Promise<void> {
    await this.put(url, response).catch(() => undefined);
  }

  async delete(url: string): Promise<void> {
    await (await this.#caches.open(this.#name)).delete(url, BY_ADDRESS);
  }
}

/** True for the error of a cache that has no room left. */
export function isFull(error: unknown): boolean {
  return (error as { readonly name?: unknown } | undefined)?.name === "QuotaExceededError";
}

/** A page cannot be opened from a reply that was redirected, so the copy forgets that. Its headers stay. */
async function asServed(response: Response): Promise<Response> {
  if (!response.redirected) return response;
  const { status, statusText, headers } = response;
  return new Response(await response.blob(), { status, statusText, headers });
}
