/** The state of a grid with the real catalog of models, for tests of the choice among them. */
import { prebuiltAppConfig } from "@mlc-ai/web-llm";
import type { GridState, ModelInfo } from "../../grid";
import { embeddedEntries, ggufEntries, repositoryEntries, webllmEntries } from "../../models/catalog";
import { modelInfo } from "../../models/info";
import { fakeState } from "./fixtures";
import { guideOffer } from "./model-fixtures";

const ENTRIES = [
  ...embeddedEntries("https://host/"),
  ...repositoryEntries(),
  ...ggufEntries(),
  ...webllmEntries(prebuiltAppConfig.model_list),
];

/** The real catalog on a device where the demo has been measured. */
export function catalogState(
  device: GridState["device"],
  demoRate: number,
  patch: (model: ModelInfo) => Partial<ModelInfo> = () => ({}),
): GridState {
  const nothing = { remembered: undefined, stored: undefined, f32Variant: undefined };
  const models = ENTRIES.map((entry) => modelInfo(entry, nothing, device)).map((model) => ({
    ...model,
    ...patch(model),
  }));
  const backend = device.webgpu ? "webgpu" : "wasm";
  const offer = { ...guideOffer, backend, decodeRate: demoRate } as const;
  return {
    ...fakeState({ loading: true, notices: false, house: false }),
    device,
    models,
    loads: { guide: { kind: "ready", offer } },
  };
}
