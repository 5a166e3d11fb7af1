/** A made-up state and answer for the development page and for tests. */
import type { GridState, HouseState, NetworkSettings } from "../../grid";
import { fakeModels, guideOffer } from "./model-fixtures";

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
