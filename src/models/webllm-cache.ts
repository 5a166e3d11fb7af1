/**
 * Reads what the WebLLM library has stored. The library keeps its models in the Cache API; asking it for a list would
 * load 2 MB of code, so this file reads the same caches under the names that the library gives them.
 */
import * as v from "valibot";
import type { ModelInfo } from "./types";

/** Names of the library's caches (its `CacheScope`). */
const WEIGHTS_CACHE = "webllm/model";
const OTHER_CACHES = ["webllm/config", "webllm/wasm"] as const;
const TENSOR_LIST = "tensor-cache.json";

const tensorList = v.object({ records: v.array(v.object({ dataPath: v.string() })) });

/**
 * Whether all or only some of each folder of weights is cached. A folder that is not cached at all is left out of the
 * map.
 */
export async function cachedWeights(folders: readonly string[]): Promise<Map<string, ModelInfo["stored"]>> {
  const states = new Map<string, ModelInfo["stored"]>();
  const cache = await openExisting(WEIGHTS_CACHE);
  if (!cache) return states;
  const urls = new Set((await cache.keys()).map((key) => key.url));
  for (const folder of folders) {
    const own = [...urls].filter((url) => url.startsWith(folder));
    if (own.length > 0) states.set(folder, (await isComplete(cache, own, urls)) ? "yes" : "partial");
  }
  return states;
}

/**
 * Deletes what the library has cached of a model. If another model uses the same library file, that file is downloaded
 * again.
 */
export async function deleteCached(folder: string, libraryUrl: string): Promise<void> {
  for (const name of [WEIGHTS_CACHE, ...OTHER_CACHES]) {
    const cache = await openExisting(name);
    for (const key of (await cache?.keys()) ?? []) {
      if (key.url.startsWith(folder) || key.url === libraryUrl) await cache?.delete(key);
    }
  }
}

async function isComplete(cache: Cache, own: readonly string[], urls: ReadonlySet<string>): Promise<boolean> {
  const listUrl = own.find((url) => url.endsWith(`/${TENSOR_LIST}`));
  const text = listUrl === undefined ? undefined : await (await cache.match(listUrl))?.text();
  const list = v.safeParse(v.pipe(v.string(), v.parseJson(), tensorList), text);
  return list.success && list.output.records.every((record) => urls.has(new URL(record.dataPath, listUrl).href));
}

/** The cache of this name if it exists; opening it directly would create it. */
async function openExisting(name: string): Promise<Cache | undefined> {
  try {
    return (await caches.has(name)) ? await caches.open(name) : undefined;
  } catch {
    // There is no Cache API here (plain http, private windows), so nothing is cached.
    return undefined;
  }
}
