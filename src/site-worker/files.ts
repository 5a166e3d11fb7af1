/**
 * The files of the site, kept by build, so that everything that was loaded once works without a network, and tabs of an older
 * build find their own files although the server has new ones. The worker answers for the files of its own build alone;
 * everything else takes its usual way.
 */
import { inParallel } from "../core";
import { type BuildFiles, isHashed, unhashed } from "./build-files";
import { FileCache, isFull } from "./cache";
import type { RequestEvent } from "./scope";

/** The site's settings are the operator's, and not part of a build. */
const SETTINGS = "microgrid.config.json";
/** How long the server has to answer with its settings if a copy is kept. A dead network may keep silent for minutes. */
const SETTINGS_MS = 3_000;
/** Requests at a time while the worker is installed; a page may be loading at the same time. */
const PARALLEL = 6;
/** The browser ends the worker if it wants to; nobody else stops its requests. */
const NEVER = new AbortController().signal;
/** Where a build's cache has the list of its files; no file of a site has this name. */
const LIST = "microgrid-files.json";

/** The parts of the worker's scope that the files need. */
interface FilesOptions {
  readonly files: BuildFiles;
  /** The address of the site's folder. */
  readonly scope: string;
  readonly caches: CacheStorage;
  readonly fetch: typeof globalThis.fetch;
}

/** Keeps and gives the files of one build. */
export class SiteFiles {
  readonly #files: BuildFiles;
  readonly #scope: string;
  readonly #caches: CacheStorage;
  readonly #fetch: typeof globalThis.fetch;
  readonly #known: ReadonlySet<string>;
  /** Files with a hash in their names, of all builds. */
  readonly #assets: FileCache;
  /** Files of this build whose names stay the same in the next one. */
  readonly #own: FileCache;
  readonly #settings: FileCache;

  constructor({ files, scope, caches, fetch }: FilesOptions) {
    this.#files = files;
    this.#scope = scope;
    this.#caches = caches;
    this.#fetch = fetch;
    this.#known = new Set([...files.first, ...files.later]);
    this.#assets = new FileCache(caches, `${this.#prefix}assets`);
    this.#own = this.#cacheOf(files.build);
    this.#settings = new FileCache(caches, `${this.#prefix}settings`);
  }

  /**
   * Fetches what every page of this build needs, and those engines that the builds before it have used here. Rejects if a
   * file cannot be had: the browser tries again at the next visit, and the build before stays. Without room, the worker does
   * its work without these files.
   */
  async install(): Promise<void> {
    const { build, first, entry } = this.#files;
    try {
      await this.#own.put(this.#url(LIST), Response.json([...this.#known].filter(isHashed)));
      const needed = [...first.filter((path) => path !== ""), ...(await this.#usedBefore())];
      await inParallel(needed, PARALLEL, NEVER, (path) => this.#bring(path));
      // The page comes last: where it is, all the rest is.
      const page = await this.#fetch(this.#scope, { cache: "no-cache" });
      if (!(await this.#isOwnPage(page.clone()))) {
        throw new Error(`The page at ${this.#scope} does not start with ${entry} of the build ${build}.`);
      }
      await this.#own.put(this.#scope, page);
      await this.#bringSettings();
    } catch (error) {
      if (!isFull(error)) throw error;
    }
  }

  /** The reply to a request for a file of this build; undefined if it is for something else. */
  reply(event: RequestEvent): Promise<Response> | undefined {
    const { request } = event;
    if (request.method !== "GET" || request.headers.has("range")) return undefined;
    const url = request.url.replace(/[?#].*$/s, "");
    if (!url.startsWith(this.#scope)) return undefined;
    const path = url.slice(this.#scope.length);
    if (path === SETTINGS && request.mode !== "navigate") return this.#latest(event, url);
    if (request.mode === "navigate" && (path === "" || path === "index.html")) return this.#page(event);
    if (path === "" || !this.#known.has(path)) return undefined;
    return this.#file(event, url, path);
  }

  /**
   * Keeps the files that pages have loaded past this worker, before it was there: they are in the browser's HTTP cache, from
   * which this takes them without a request.
   */
  async keepLoaded(): Promise<void> {
    const have = new Set(await this.#assets.addresses());
    const missing = this.#files.later.filter((path) => !have.has(this.#url(path)));
    await inParallel(missing, PARALLEL, NEVER, async (path) => {
      const url = this.#url(path);
      const reply = await this.#fetch(url, { cache: "only-if-cached", mode: "same-origin" }).catch(() => undefined);
      if (reply && isFile(reply, path)) await this.#placeOf(path).offer(url, reply);
    });
  }

  /** Deletes all that only builds outside `alive` need. */
  async tidy(alive: ReadonlySet<string>): Promise<void> {
    const prefix = this.#nameOf("");
    const builds = (await this.#caches.keys())
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length));
    const gone = builds.filter((build) => build !== this.#files.build && !alive.has(build));
    if (gone.length === 0) return;
    for (const build of gone) await this.#caches.delete(this.#nameOf(build));
    const staying = builds.filter((build) => !gone.includes(build));
    const needed = new Set((await Promise.all(staying.map((build) => this.#listOf(build)))).flat());
    for (const url of await this.#assets.addresses()) {
      if (!needed.has(url.slice(this.#scope.length))) await this.#assets.delete(url);
    }
  }

  /** The page of this build, whatever the server has by now. */
  async #page(event: RequestEvent): Promise<Response> {
    const kept = await this.#own.find(this.#scope);
    if (kept) return kept;
    const reply = await this.#fetch(event.request);
    const copy = reply.clone();
    event.waitUntil(
      this.#isOwnPage(reply.clone()).then((own) => (own ? this.#own.offer(this.#scope, copy) : undefined)),
    );
    return reply;
  }

  async #file(event: RequestEvent, url: string, path: string): Promise<Response> {
    const place = this.#placeOf(path);
    const kept = await place.find(url);
    if (kept) return kept;
    const reply = await this.#fetch(event.request);
    if (isFile(reply, path)) event.waitUntil(place.offer(url, reply.clone()));
    return reply;
  }

  /** The settings of now, or else the last ones that are known. */
  async #latest(event: RequestEvent, url: string): Promise<Response> {
    const kept = await this.#settings.find(url);
    try {
      const signal = kept && AbortSignal.timeout(SETTINGS_MS);
      const reply = await this.#fetch(event.request, signal ? { signal } : {});
      if (isSettings(reply)) {
        event.waitUntil(this.#settings.offer(url, reply.clone()));
        return reply;
      }
      // The operator has removed the file, so it must not come back.
      if (reply.status === 404) event.waitUntil(this.#settings.delete(url));
      return reply.status === 404 ? reply : (kept ?? reply);
    } catch (error) {
      if (kept) return kept;
      throw error;
    }
  }

  async #bring(path: string): Promise<void> {
    const url = this.#url(path);
    const place = this.#placeOf(path);
    if (isHashed(path) && (await place.has(url))) return;
    // The HTTP cache has hashed files that the page has just loaded. Others may be those of the build before.
    const reply = await this.#fetch(url, isHashed(path) ? {} : { cache: "no-cache" });
    if (!isFile(reply, path)) throw new Error(`${url} could not be had: the server answered ${reply.status}.`);
    await place.put(url, reply);
  }

  /** The page may have read the settings before this worker was there. A site without the file is fine. */
  async #bringSettings(): Promise<void> {
    const url = this.#url(SETTINGS);
    const reply = await this.#fetch(url, { cache: "no-cache" }).catch(() => undefined);
    if (reply && isSettings(reply)) await this.#settings.offer(url, reply);
  }

  /** The files of this build that have the place of files which an earlier one has kept. */
  async #usedBefore(): Promise<string[]> {
    const used = new Set((await this.#assets.addresses()).map((url) => unhashed(url.slice(this.#scope.length))));
    return this.#files.later.filter((path) => isHashed(path) && used.has(unhashed(path)));
  }

  async #isOwnPage(page: Response): Promise<boolean> {
    return page.ok && (await page.text()).includes(this.#files.entry);
  }

  async #listOf(build: string): Promise<readonly string[]> {
    const list = await this.#cacheOf(build).find(this.#url(LIST));
    return list ? ((await list.json()) as string[]) : [];
  }

  #placeOf(path: string): FileCache {
    return isHashed(path) ? this.#assets : this.#own;
  }

  #cacheOf(build: string): FileCache {
    return new FileCache(this.#caches, this.#nameOf(build));
  }

  #nameOf(build: string): string {
    return `${this.#prefix}build ${build}`;
  }

  /** Sites in several folders of one origin share its caches. */
  get #prefix(): string {
    return `microgrid ${new URL(this.#scope).pathname} `;
  }

  #url(path: string): string {
    return this.#scope + path;
  }
}

/** False for errors, and for the page that some hosts serve instead of a file that is missing. */
function isFile(reply: Response, path: string): boolean {
  const page = reply.headers.get("content-type")?.includes("text/html") === true;
  return reply.status === 200 && (!page || path.endsWith(".html"));
}

function isSettings(reply: Response): boolean {
  return reply.status === 200 && reply.headers.get("content-type")?.includes("json") === true;
}
