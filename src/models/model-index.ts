/** The state behind the library's list: all entries, with what is remembered and stored of each. */
import { MicrogridError, quoted } from "../core";
import type { DeviceInfo } from "../inference";
import type { ModelEntry } from "./entry";
import { engineOf } from "./gguf-files";
import type { ModelHosts } from "./hosts";
import { modelInfo } from "./info";
import type { ModelRecord, ModelRecords } from "./records";
import { webllmOrigin } from "./sources";
import type { StoreWorker } from "./store-client";
import type { StoredSummary } from "./store-protocol";
import type { ModelInfo } from "./types";
import { cachedWeights } from "./webllm-cache";

/** The sources of the index. */
interface ModelIndexParts {
  readonly device: DeviceInfo;
  readonly records: ModelRecords;
  readonly store: StoreWorker;
  readonly hosts: ModelHosts;
}

/** Keeps entries and records together and makes snapshots of the list. */
export class ModelIndex {
  readonly #parts: ModelIndexParts;
  readonly #entries: Map<string, ModelEntry>;
  readonly #remembered: Map<string, ModelRecord>;
  #stored = new Map<string, StoredSummary>();
  #cached = new Map<string, ModelInfo["stored"]>();

  constructor(parts: ModelIndexParts, entries: readonly ModelEntry[], remembered: readonly ModelRecord[]) {
    this.#parts = parts;
    this.#remembered = new Map(remembered.map((record) => [record.id, record]));
    this.#entries = new Map([...entries, ...remembered.flatMap(addedEntry)].map((entry) => [entry.id, entry]));
  }

  /** The entry with this id. Throws `unknown-model`. */
  entry(id: string): ModelEntry {
    const entry = this.#entries.get(id);
    if (entry) return entry;
    throw new MicrogridError(
      "unknown-model",
      `There is no model ${quoted(id)} here. Choose one from the list, or add it by its hub name or address.`,
    );
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** The remembered facts about a model; an empty record if there are none. */
  remembered(id: string): ModelRecord {
    return this.#remembered.get(id) ?? { id, packages: [] };
  }

  /** Changes what is remembered of a model, for later visits too. */
  async remember(id: string, patch: Partial<Omit<ModelRecord, "id">>): Promise<void> {
    const record = { ...this.remembered(id), ...patch };
    this.#remembered.set(id, record);
    if (record.added) for (const entry of addedEntry(record)) this.#entries.set(id, entry);
    await this.#parts.records.saveModel(record);
  }

  /** Forgets a model; one that was added leaves the list. */
  async forget(id: string): Promise<void> {
    const { added, facts } = this.remembered(id);
    this.#remembered.delete(id);
    await this.#parts.records.deleteModel(id);
    if (added) this.#entries.delete(id);
    // Sizes stay known, because they are no part of what was stored.
    else if (facts) await this.remember(id, { facts });
  }

  /** Reads again what is stored. */
  async refresh(): Promise<void> {
    const { store, hosts } = this.#parts;
    this.#stored = new Map((await store.service.summaries()).map((summary) => [summary.model, summary]));
    const origins = [...this.#entries.values()].map((entry) => entry.origin);
    const folders = origins.flatMap((origin) => (origin.kind === "webllm" ? hosts.weightsUrl(origin.modelUrl) : []));
    this.#cached = await cachedWeights(folders);
  }

  /** The whole list as it is now. */
  list(): readonly ModelInfo[] {
    return [...this.#entries.values()].map((entry) => this.info(entry));
  }

  info(entry: ModelEntry): ModelInfo {
    const { origin, id } = entry;
    const variant = id.replace(/q(\d)f16/, "q$1f32");
    const stored =
      origin.kind === "webllm"
        ? (this.#cached.get(this.#parts.hosts.weightsUrl(origin.modelUrl)) ?? "no")
        : this.#stored.get(id);
    return modelInfo(
      entry,
      {
        remembered: this.#remembered.get(id),
        stored,
        f32Variant: variant !== id && this.#entries.has(variant) ? variant : undefined,
      },
      this.#parts.device,
    );
  }
}

/** The entry of a model that the user added, from its record. */
function addedEntry({ id, added, facts }: ModelRecord): ModelEntry[] {
  if (!added) return [];
  const { source, name } = added;
  const origin = source.kind === "webllm" ? webllmOrigin(source.modelUrl, source.libraryUrl) : source;
  const engine = source.kind === "webllm" ? "webllm" : engineOf(facts?.files ?? []);
  return [{ id, name, engine, source: "added", origin, contextLength: undefined, memoryBytes: undefined }];
}
