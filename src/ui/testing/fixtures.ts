/** Made-up models, peers and answers for the development page. */
import type {
  CharterState,
  GridState,
  HeldStage,
  HouseState,
  Knock,
  LayersWish,
  NetworkSettings,
  PeerState,
  Proposal,
} from "../../grid";
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
const large: readonly ModelInfo[] = [
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
  ...large,
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

/** Layers that this device holds for others. */
export const fakeHolding: readonly HeldStage[] = [
  { pipeline: "p", peer: "a", name: "Ada’s desktop", model: "gemma-3-12b-it", from: 3, to: 8, bytes: 1.2e9 },
];

/** Members that would like this device to hold layers. */
export const fakeWishes: readonly LayersWish[] = [{ peer: "a", name: "Ada’s desktop", model: large[0]!.id }];

export const fakePeers: readonly PeerState[] = [
  {
    id: "a",
    did: "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
    name: "Ada’s desktop",
    house: { did: "did:key:z6MkwLtTsj8zzzUxJfPzMKoYbvjkHvVHPcRWEzBhYTCCgEvG", name: "Ada" },
    founder: true,
    admittedBy: [],
    device: "Chrome on Windows",
    gpu: "NVIDIA GeForce RTX 4070",
    rttMs: 4,
    offers: [{ ...guideOffer, model: fakeModels[4]!.id, name: fakeModels[4]!.name, decodeRate: 48 }],
    load: { running: 1, queued: 0, tokenRate: 48, visible: true, battery: undefined },
    sharing: true,
    layersBytes: 6e9,
  },
  {
    id: "b",
    did: "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH",
    name: "Grace",
    house: undefined,
    founder: false,
    admittedBy: [],
    device: "Safari on iOS",
    gpu: "",
    rttMs: 38,
    offers: [],
    load: { running: 0, queued: 0, tokenRate: 0, visible: true, battery: 0.64 },
    sharing: false,
    layersBytes: 0,
  },
  {
    id: "c",
    did: "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
    name: "Library kiosk 3",
    house: undefined,
    founder: false,
    admittedBy: [],
    device: "Chrome on Linux",
    gpu: "Intel Iris Xe",
    rttMs: undefined,
    offers: [guideOffer, { ...guideOffer, model: "gemma-3-12b-it", name: "Gemma 3 12B", decodeRate: 8.4, devices: 3 }],
    load: { running: 2, queued: 3, tokenRate: 12, visible: false, battery: undefined },
    sharing: true,
    layersBytes: 2.4e9,
  },
];

/** A name as a joker would choose it: markup, a line break, a character that turns the text around, and far too long. */
export const hostileName = `<img src=x onerror=alert(1)>\u202Egnp.\n${"Wide".repeat(20)}`;

export const fakeHouse: HouseState = {
  did: "did:key:z6MkwLtTsj8zzzUxJfPzMKoYbvjkHvVHPcRWEzBhYTCCgEvG",
  name: "Ada",
  scopes: ["member", "founder"],
  notAfter: Date.UTC(2027, 4, 1),
  keyHere: true,
  delegations: [
    {
      subject: "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH",
      label: "Phone",
      scopes: ["member"],
      notAfter: Date.UTC(2027, 4, 1),
      revoked: false,
    },
    {
      subject: "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
      label: "Old laptop",
      scopes: ["member", "founder"],
      notAfter: Date.UTC(2026, 11, 1),
      revoked: true,
    },
  ],
};

export const fakeNetwork: NetworkSettings = {
  signaling: ["https://signal.example.org/"],
  iceServers: [{ urls: "turn:turn.example.org:3478", username: "microgrid", credential: "secret" }],
  relayOnly: false,
};

/** The rules of a room that is open to everybody with an invite; tests change what they are about. */
export const openCharter: CharterState = {
  name: "Attic",
  purpose: "",
  admission: { kind: "invite" },
  invites: "members",
  servers: [],
  models: "any",
  limits: { jobsAtOnce: undefined, tokensPerAnswer: undefined, answersPerHour: undefined, people: 32 },
  contribution: "welcome",
  endpoints: false,
  federation: false,
  logs: "",
  version: 0,
  hash: "",
  founders: ["did:key:founder"],
  quorum: 1,
};

export const fakeCharter: CharterState = {
  name: "Physics lab",
  purpose: "Help with homework and lab reports, on the computers of the lab.",
  admission: { kind: "approval" },
  invites: "members",
  servers: ["https://signal.example.org/"],
  models: ["guide", fakeModels[4]!.id, ...large.map(({ id }) => id)],
  limits: { jobsAtOnce: 2, tokensPerAnswer: 2048, answersPerHour: 60, people: 5 },
  contribution: "expected",
  endpoints: false,
  federation: false,
  logs: "",
  version: 1,
  hash: "4f0c1d9e5b7a2c3841aa0c1d9e5b7a2c3841aa0c1d9e5b7a2c3841aa0c1d9e5b",
  founders: [
    "did:key:z6MkwLtTsj8zzzUxJfPzMKoYbvjkHvVHPcRWEzBhYTCCgEvG",
    "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
  ],
  quorum: 2,
};

export const fakeKnocks: readonly Knock[] = [
  {
    did: "did:key:z6MknGc3ocHs3zdPiJbnaaqDi58NGb4pk1Sp9WxWufuXSdxf",
    name: "Marie’s tablet",
    device: "Firefox on Android",
    house: undefined,
  },
];

export const fakeProposals: readonly Proposal[] = [
  { id: "p1", text: "Remove “Library kiosk 2” from the room", terms: undefined, signed: ["a"], needed: 2, mine: true },
];

export function fakeState(options: { loading: boolean; notices: boolean; house: boolean }): GridState {
  return {
    role: "leader",
    node: {
      did: "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
      name: "Quiet Heron",
      house: options.house ? fakeHouse : undefined,
    },
    network: fakeNetwork,
    device: {
      webgpu: {
        vendor: "nvidia",
        architecture: "ada",
        description: "NVIDIA GeForce RTX 4070",
        features: [],
        maxBufferSize: 2 ** 31,
        maxStorageBufferBindingSize: 2 ** 30,
        software: false,
      },
      webgpuMissing: undefined,
      memoryBytes: 8e9,
      threads: 8,
      mobile: false,
      label: "Chrome on Linux",
    },
    policy: { privacy: "room", prefer: "speed" },
    models: fakeModels,
    loads: options.loading ? {} : { guide: { kind: "ready", offer: guideOffer } },
    room: undefined,
    returnTo: undefined,
    graphs: {},
    speeds: [],
    pipelines: [],
    notices: options.notices
      ? [
          {
            id: "n1",
            level: "warning",
            text: "The GPU ran out of memory the last time this page was open. A smaller model is safer.",
          },
          { id: "n2", level: "info", text: "Another tab runs the models; this one shows the same state." },
        ]
      : [],
  };
}

export const longAnswer = `**WebGPU** is a browser API that gives a web page direct access to the GPU, for drawing and for *computing*. It replaces WebGL where heavy parallel work is needed.

## Why it matters here

1. The model's weights live in GPU buffers, so nothing is copied back for each token.
2. Compute shaders written in \`WGSL\` do the matrix products:

   - 4-bit weights are unpacked inside the shader
   - attention reads the KV cache in place

3. It works in Chrome, Edge, Safari and Firefox.

\`\`\`ts
const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
const device = await adapter?.requestDevice();
device?.lost.then(({ reason }) => console.warn("the device was lost:", reason));
\`\`\`

| | WebGL | WebGPU |
| --- | --- | ---: |
| compute shaders | no | yes |
| 16-bit floats | no | \`shader-f16\` |

> On a device without it, the same model runs on the CPU through WASM, only slower.

See the [specification](https://www.w3.org/TR/webgpu/) for more. ![pixel](https://example.com/track.png) <script>alert(1)</script>
`;
