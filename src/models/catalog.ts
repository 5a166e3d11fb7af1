/** The models that are known without asking anybody. */
import * as v from "valibot";
import embedded from "./embedded.json";
import type { ModelEntry } from "./entry";

const embeddedSchema = v.object({
  id: v.string(),
  name: v.string(),
  folder: v.string(),
  contextLength: v.number(),
  files: v.array(v.object({ path: v.string(), bytes: v.number(), sha256: v.string() })),
});

/** The models that come with the page. `baseUrl` is the address of the page's folder. */
export function embeddedEntries(baseUrl: string): ModelEntry[] {
  const { id, name, folder, contextLength, files } = v.parse(embeddedSchema, embedded);
  const origin = { kind: "embedded", folder: new URL(folder, baseUrl).href, files } as const;
  return [{ id, name, engine: "onnx", source: "embedded", origin, contextLength, memoryBytes: undefined }];
}
