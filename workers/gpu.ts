/** Entry of the GPU worker: engines live here, away from the page's thread. */
import { serveWorker } from "../src/border/worker";
import { EngineHost } from "../src/inference/host";

serveWorker(
  new EngineHost({
    sampleLayers: async (...args) => (await import("../src/pipeline/sample-layers")).sampleLayers(...args),
  }),
);
