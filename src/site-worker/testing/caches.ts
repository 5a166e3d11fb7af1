/** Caches of a browser in memory, and a server, for tests of what the site's worker keeps. */

/** A `CacheStorage` that can become full. */
export class MemoryCaches {
  /** True: nothing more can be kept. */
  full = false;
  readonly #caches = new Map<string, Map<string, Response>>();

  /** The paths in a cache, sorted; undefined if there is no such cache. */
  paths(name: string): string[] | undefined {
    const cache = this.#caches.get(name);
    return cache && [...cache.keys()].map((url) => new URL(url).pathname).sort();
  }

  async has(name: string): Promise<boolean> {
    return this.#caches.has(name);
  }

  async keys(): Promise<string[]> {
    return [...this.#caches.keys()];
  }

  async delete(name: string): Promise<boolean> {
    return this.#caches.delete(name);
  }

  async match(url: string, { cacheName }: { cacheName: string }): Promise<Response | undefined> {
    return this.#caches.get(cacheName)?.get(url)?.clone();
  }

  async open(name: string): Promise<Pick<Cache, "keys" | "put" | "delete">> {
    const cache = this.#caches.get(name) ?? new Map<string, Response>();
    this.#caches.set(name, cache);
    return {
      keys: async () => [...cache.keys()].map((url) => new Request(url)),
      put: async (url, response) => {
        if (this.full) throw new DOMException("There is no room left.", "QuotaExceededError");
        cache.set(addressOf(url), new Response(await response.blob(), response));
      },
      delete: async (url) => cache.delete(addressOf(url)),
    };
  }
}

/** A server whose files are replies by path, such as `/site/theme.js`. */
export class Server {
  /** The paths that were asked for over the network, in order. */
  readonly asked: string[] = [];
  /** The paths in the browser's HTTP cache. */
  readonly browserHas = new Set<string>();
  down = false;
  files: Record<string, () => Response> = {};

  readonly fetch = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const { pathname } = new URL(addressOf(input));
    const reply = this.files[pathname] ?? (() => new Response("none", { status: 404 }));
    if (init.cache === "only-if-cached") {
      if (!this.browserHas.has(pathname)) throw new TypeError("Failed to fetch");
      return reply();
    }
    this.asked.push(pathname);
    if (this.down) throw new TypeError("Failed to fetch");
    return reply();
  };
}

function addressOf(input: RequestInfo | URL): string {
  if (input instanceof Request) return input.url;
  return input instanceof URL ? input.href : input;
}
