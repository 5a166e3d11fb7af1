/** Made-up models for the development page and for tests. */
import type { ModelOffer } from "../../inference";
import type { ModelInfo } from "../../models";

export const guideOffer: ModelOffer = {
  model: "guide",
  name: "Guide · demo",
  packageHash: "p",
  tokenizerHash: "t",
  engine: "onnx",
  backend: "webgpu",
  contextLength: 1024,
  prefillRate: 900,
  decodeRate: 71,
};

const guide: ModelInfo = {
  id: "guide",
  name: "Guide · demo",
  engine: "onnx",
  purpose: "chat",
  source: "embedded",
  downloadBytes: 5_580_000,
  sizeIsEstimate: false,
  memoryBytes: 40_000_000,
  contextLength: 1024,
  fit: { fits: true },
  stored: "yes",
  origin: "built in",
};

/** Models that only run on several devices, and one that does not even do that here. */
export const largeModels: readonly ModelInfo[] = [
  ["Llama-3.1-8B-Instruct", 5.1e9, 5.4e9],
  ["Qwen3-30B-A3B", 17.2e9, 18.5e9],
].map(([name, downloadBytes, memoryBytes]): ModelInfo => {
  const id = `onnx-community/${name}-ONNX`;
  return {
    id,
    name: String(name),
    engine: "onnx",
    purpose: "chat",
    source: "catalog",
    downloadBytes: Number(downloadBytes),
    sizeIsEstimate: false,
    memoryBytes: Number(memoryBytes),
    contextLength: 8192,
    fit: {
      fits: false,
      obstacle: "too-large",
      reason: "Too large for this device: its files do not fit into the memory of a page.",
    },
    stored: "no",
    origin: `huggingface.co/${id}`,
  };
});

/** How many layers a made-up model has. */
export const fakeLayers = (id: string): number => (id.includes("30B") ? 48 : id === "guide" ? 4 : 32);

const families = [
  "Llama-3.2-1B-Instruct",
  "Llama-3.2-3B-Instruct",
  "Qwen3-0.6B",
  "Qwen3-4B",
  "Phi-4-mini-instruct",
  "gemma-3-1b-it",
  "SmolLM2-360M-Instruct",
  "Mistral-7B-Instruct-v0.3",
];

export const fakeModels: readonly ModelInfo[] = [
  guide,
  ...largeModels,
  ...Array.from({ length: 164 }, (_, index): ModelInfo => {
    const family = families[index % families.length] ?? "model";
    const big = index % 8 === 7;
    return {
      id: `${family}-q4f${index % 2 ? 16 : 32}_1-MLC-${index}`,
      name: `${family}-q4f${index % 2 ? 16 : 32}_1`,
      engine: index % 5 === 0 ? "onnx" : "webllm",
      purpose: "chat",
      source: "catalog",
      downloadBytes: index % 11 === 0 ? undefined : 300_000_000 + index * 31_000_000,
      sizeIsEstimate: index % 5 === 0 && index % 11 !== 0,
      memoryBytes: 600_000_000 + index * 43_000_000,
      contextLength: 4096,
      fit: big
        ? {
            fits: false,
            obstacle: "gpu-ability",
            reason: "Needs 16-bit shaders (shader-f16), which this GPU does not offer to the browser.",
          }
        : { fits: true },
      stored: index === 2 ? "yes" : index === 5 ? "partial" : "no",
      origin: `huggingface.co/mlc-ai/${family}-q4f16_1-MLC`,
    };
  }),
];
