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
    grammar: ["tokenizer", "tools"],
    onnx: ["embedding", "sampling", "tokenizer"],
    webllm: ["embedding", "sampling", "tokenizer", "tools"],
    wllama: ["sampling", "tokenizer"],
    embedding: ["tokenizer"],
    sampling: [],
    tokenizer: ["tools"],
    tools: [],
  },
  node: {
    room: ["house", "pipelines"],
    routing: [],
    pipelines: [],
    house: [],
  },
  openai: {
    http: ["chat", "responses"],
    responses: [],
    chat: [],
  },
  pipeline: {
    survey: ["plan", "run"],
    run: ["split"],
    plan: [],
    split: [],
  },
  room: {
    door: ["frames", "invite", "links", "membership", "peers", "signaling"],
    peers: ["gossip", "jobs", "links", "membership"],
    gossip: ["links", "membership"],
    governance: ["frames", "links", "membership"],
    stages: ["frames", "links"],
    weights: ["frames", "links"],
    links: ["frames", "membership"],
    jobs: ["membership"],
    membership: ["frames", "invite", "signaling"],
    invite: [],
    frames: [],
    signaling: [],
  },
  ui: {
    app: ["chat", "help", "models", "people", "pipelines", "room", "settings", "sidebar", "state", "styles"],
    settings: ["house", "people", "state", "styles"],
    room: ["carry", "charter", "people", "pipelines", "state", "styles"],
    help: ["state", "styles"],
    chat: ["attachments", "markdown", "models", "people", "state", "styles"],
    models: ["pipelines", "state", "styles"],
    house: ["carry", "people", "styles"],
    pipelines: ["people", "state", "styles"],
    sidebar: ["state", "styles"],
    state: ["charter"],
    attachments: ["state"],
    carry: ["styles"],
    charter: ["styles"],
    markdown: ["styles"],
    people: ["styles"],
    styles: [],
  },
  wire: {
    peerjs: ["webrtc"],
    webrtc: [],
  },
};
