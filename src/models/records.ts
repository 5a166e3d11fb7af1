/** Remembers models and their files between visits, in IndexedDB, or in memory if there is none. */
import type { DBSchema, IDBPDatabase } from "idb";
import * as v from "valibot";
import { type DatabaseStep, isDataNewer, openSteps } from "../core/parts";

const DATABASE = "microgrid-models";

const fileRecord = v.object({
  model: v.string(),
  path: v.string(),
  /** Size and SHA-256 of the complete file; undefined while it is partial. */
  complete: v.optional(v.object({ bytes: v.number(), sha256: v.string() })),
  /** The version that the partial file was taken from, as the host reported it. */
  validator: v.optional(v.object({ url: v.string(), value: v.string() })),
  /** Set if this is a part of another file, kept for a device that holds only some layers of the model. */
  part: v.optional(
    v.object({
      /** Path of the whole file inside the model, and its version. */
      file: v.string(),
      version: v.string(),
      /** The offset of these bytes in the whole file, and their number. */
      at: v.number(),
      bytes: v.number(),
      /** When it was last read, to the hour; the oldest ones make room for others. */
      usedAt: v.optional(v.number()),
      /** The version that each host reported when the part was read, by address. */
      hosts: v.array(v.tuple([v.string(), v.string()])),
    }),
  ),
});
/** One file in the store; its bytes are stored under the same model and path. */
export type FileRecord = v.InferOutput<typeof fileRecord>;

const listedFile = v.object({
  path: v.string(),
  bytes: v.optional(v.number()),
  sha256: v.optional(v.string()),
});
/** A file as its host lists it. */
export type ListedFile = v.InferOutput<typeof listedFile>;

const source = v.variant("kind", [
  v.object({
    kind: v.literal("hub"),
    repository: v.string(),
    revision: v.optional(v.string()),
    within: v.optional(v.string()),
  }),
  v.object({ kind: v.literal("folder"), url: v.string(), within: v.optional(v.string()) }),
  v.object({ kind: v.literal("files") }),
  v.object({ kind: v.literal("webllm"), modelUrl: v.string(), libraryUrl: v.string() }),
]);

const variant = v.object({ graph: v.string(), backend: v.picklist(["webgpu", "wasm"]), build: v.string() });

const modelRecord = v.object({
  id: v.string(),
  added: v.optional(v.object({ name: v.string(), source })),
  /** The host's last answer. */
  facts: v.optional(
    v.object({
      files: v.array(listedFile),
      contextLength: v.optional(v.number()),
      /** True if the configuration is that of a model without a head for tokens, which makes embeddings. */
      embeds: v.optional(v.boolean()),
      /** The licence's id, as the hub names it. */
      licence: v.optional(v.string()),
      /** The configuration's statements about variants. */
      variants: v.optional(
        v.object({
          webgpu: v.optional(v.string()),
          wasm: v.optional(v.string()),
          halfCaches: v.optional(v.pipe(v.array(v.string()), v.readonly())),
        }),
      ),
    }),
  ),
  /** Facts that looks at graphs have found out, by the listed file of the graph. */
  looks: v.optional(
    v.array(
      v.object({
        file: listedFile,
        /** Of a GGUF file, nothing needs to be in one piece. */
        largestWeightBytes: v.optional(v.number()),
        embeds: v.optional(v.boolean()),
        contextLength: v.optional(v.number()),
      }),
    ),
  ),
  /** Variants whose results were wrong, and the one to use from now on. Another build of the site tries again. */
  wrong: v.optional(v.array(variant)),
  instead: v.optional(variant),
  /** Sets of files that were once complete, by the file that identifies the set. */
  packages: v.array(v.object({ lead: v.string(), packageHash: v.string(), paths: v.array(v.string()) })),
});
/** The remembered facts about one model. */
export type ModelRecord = v.InferOutput<typeof modelRecord>;
/** Sizes and context length, as the host told them. */
export type ModelFacts = NonNullable<ModelRecord["facts"]>;

interface Schema extends DBSchema {
  files: { key: [string, string]; value: FileRecord };
  models: { key: string; value: ModelRecord };
}

const STEPS: readonly DatabaseStep<Schema>[] = [
  (database) => {
    database.createObjectStore("files", { keyPath: ["model", "path"] });
    database.createObjectStore("models", { keyPath: "id" });
  },
];

/** Reads and writes the records. Records that do not parse are treated as absent. */
export class ModelRecords {
  readonly #database: IDBPDatabase<Schema> | undefined;
  readonly #files = new Map<string, FileRecord>();
  readonly #models = new Map<string, ModelRecord>();

  private constructor(database: IDBPDatabase<Schema> | undefined) {
    this.#database = database;
  }

  /** Opens the database. If the browser refuses (private windows), records live as long as this object. Throws `data-newer`. */
  static async open(): Promise<ModelRecords> {
    try {
      return new ModelRecords(await openSteps(DATABASE, STEPS));
    } catch (error) {
      if (isDataNewer(error)) throw error;
      return new ModelRecords(undefined);
    }
  }

  /** Records that are held in memory only. */
  static inMemory(): ModelRecords {
    return new ModelRecords(undefined);
  }

  async file(model: string, path: string): Promise<FileRecord | undefined> {
    const found = this.#database
      ? await this.#database.get("files", [model, path])
      : this.#files.get(JSON.stringify([model, path]));
    return parsed(fileRecord, found);
  }

  async files(): Promise<FileRecord[]> {
    const all = this.#database ? await this.#database.getAll("files") : [...this.#files.values()];
    return all.flatMap((value) => parsed(fileRecord, value) ?? []);
  }

  async saveFile(record: FileRecord): Promise<void> {
    if (this.#database) await this.#database.put("files", record);
    else this.#files.set(JSON.stringify([record.model, record.path]), record);
  }

  async deleteFile(model: string, path: string): Promise<void> {
    if (this.#database) await this.#database.delete("files", [model, path]);
    else this.#files.delete(JSON.stringify([model, path]));
  }

  async models(): Promise<ModelRecord[]> {
    const all = this.#database ? await this.#database.getAll("models") : [...this.#models.values()];
    return all.flatMap((value) => parsed(modelRecord, value) ?? []);
  }

  async saveModel(record: ModelRecord): Promise<void> {
    if (this.#database) await this.#database.put("models", record);
    else this.#models.set(record.id, record);
  }

  async deleteModel(id: string): Promise<void> {
    if (this.#database) await this.#database.delete("models", id);
    else this.#models.delete(id);
  }

  close(): void {
    this.#database?.close();
  }
}

function parsed<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T | undefined {
  const result = v.safeParse(schema, value);
  return result.success ? result.output : undefined;
}
