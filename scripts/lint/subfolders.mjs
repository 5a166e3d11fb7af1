/** The import direction inside the folders of `src/`; `circles.test.ts` checks it. */

/**
 * The subfolders that each subfolder may import, besides itself and the loose files of its folder.
 * @type {Record<string, Record<string, string[]>>}
 */
export const SUBFOLDERS_MAY_IMPORT = {
  grid: {
    views: ["backup", "conversations"],
    backup: ["conversations"],
    conversations: [],
    tabs: [],
  },
  inference: {
    onnx: ["sampling", "tokenizer"],
    webllm: ["sampling", "tokenizer"],
    sampling: [],
    tokenizer: [],
  },
  node: {
    room: ["house", "pipelines"],
    routing: [],
    pipelines: [],
    house: [],
  },
  pipeline: {
    survey: ["plan", "run"],
    run: ["split"],
    plan: [],
    split: [],
  },
  room: {
    door: ["links", "membership", "signaling"],
    gossip: ["links", "membership"],
    stages: ["links"],
    weights: ["links"],
    jobs: ["membership"],
    links: ["gossip", "jobs", "membership", "stages", "weights"],
    membership: ["links"],
    signaling: [],
  },
  ui: {
    app: ["chat", "models", "room", "settings", "sidebar", "state", "styles", "together"],
    settings: ["house", "room", "state", "styles"],
    house: ["room", "styles"],
    chat: ["markdown", "models", "state", "styles"],
    models: ["state", "styles", "together"],
    room: ["charter", "state", "styles", "together"],
    together: ["room", "state", "styles"],
    sidebar: ["state", "styles"],
    state: ["charter"],
    charter: ["styles"],
    markdown: ["styles"],
    styles: [],
  },
  wire: {
    peerjs: ["webrtc"],
    webrtc: [],
  },
};

/** Folders whose subfolders still import one another in a circle. Take a folder out as soon as it has none. */
export const SUBFOLDERS_WITH_CIRCLES = ["room", "ui"];
