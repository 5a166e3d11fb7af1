import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HubServer } from "../../e2e/harness/hub-server";
import { ModelHosts } from "./hosts";
import { planOnnxFiles } from "./onnx-files";
import { readTextSource } from "./sources";
import { testDevice } from "./testing";

const signal = new AbortController().signal;
const CONFIG = JSON.stringify({ model_type: "llama", max_position_embeddings: 512 });
const GENAI = JSON.stringify({ model: { context_length: 4096, decoder: {} } });

let hub: HubServer;

beforeEach(async () => {
  hub = await HubServer.start();
});

afterEach(() => hub.stop());

function put(repository: string, files: Record<string, string>): void {
  for (const [path, content] of Object.entries(files)) hub.put(repository, path, content);
}

const SMALL = { "config.json": CONFIG, "tokenizer.json": "{}", "onnx/model_q4.onnx": "graph" };

/** The facts about what a text names, and the files that a GPU would load. */
async function find(source: string) {
  const hosts = new ModelHosts(hub.url, []);
  const { id, name, origin } = readTextSource(source, hosts);
  const facts = await hosts.facts(origin, signal);
  const { files } = planOnnxFiles(facts.files, "webgpu", testDevice(), name);
  return { id, name, facts, paths: files.map(({ path }) => path), url: hosts.urls(origin, "config.json")[0] };
}

describe("repositories on a hub", () => {
  it("have the files, sizes, context length and licence of the hub's listing", async () => {
    put("o/m", SMALL);
    hub.license("o/m", "apache-2.0");
    const { facts, paths } = await find("o/m");
    expect(paths).toEqual(["config.json", "tokenizer.json", "onnx/model_q4.onnx"]);
    expect(facts).toMatchObject({ contextLength: 512, licence: "apache-2.0" });
    expect(facts.files.find(({ path }) => path === "onnx/model_q4.onnx")?.bytes).toBe(5);
  });

  it.each([
    ["/tree/dev", "o/m@dev", "/resolve/dev/"],
    ["/resolve/dev/config.json?download=true", "o/m@dev", "/resolve/dev/"],
    ["/blob/dev/tokenizer.json", "o/m@dev", "/resolve/dev/"],
    ["/tree/refs%2Fpr%2F1", "o/m@refs/pr/1", "/resolve/refs%2Fpr%2F1/"],
    ["/tree/refs/pr/1", "o/m@refs/pr/1", "/resolve/refs%2Fpr%2F1/"],
    ["/tree/dev/onnx", "o/m@dev", "/resolve/dev/"],
  ])("are read from the branch in %s", async (path, id, below) => {
    put("o/m", SMALL);
    for (const branch of ["dev", "refs/pr/1"]) put(`o/m@${branch}`, { ...SMALL, "onnx/model_q4f16.onnx": "other" });
    const found = await find(`${hub.url}/o/m${path}`);
    expect(found).toMatchObject({ id, url: `${hub.url}/o/m${below}config.json` });
    expect(found.paths).toContain("onnx/model_q4f16.onnx");
    // The id is a name for the same thing.
    expect(await find(id)).toEqual(found);
  });

  it("say that a branch or a folder does not exist", async () => {
    put("o/m", SMALL);
    const failure = async (source: string) => find(source).catch((error: unknown) => error);
    expect(await failure(`${hub.url}/o/m/tree/nowhere`)).toMatchObject({
      code: "unknown-model",
      message: expect.stringContaining("no branch or version “nowhere”") as unknown,
    });
    expect(await failure(`${hub.url}/o/other/tree/dev`)).toMatchObject({
      code: "unknown-model",
      message: expect.stringContaining("no model named o/other") as unknown,
    });
    expect(await failure(`${hub.url}/o/m/tree/main/gpu/int8`)).toMatchObject({
      code: "file-missing",
      message: expect.stringContaining("no gpu/int8/") as unknown,
    });
  });

  const genAi = (folder: string) => ({
    [`${folder}genai_config.json`]: GENAI,
    [`${folder}tokenizer.json`]: "{}",
    [`${folder}model.onnx`]: "graph",
    [`${folder}model.onnx.data`]: "weights",
  });

  it("may have their graphs and settings in folders", async () => {
    const [gpu, cpu] = ["gpu/gpu-int4-rtn-block-32/", "cpu_and_mobile/cpu-int4-rtn-block-32/"];
    put("o/m", { ...genAi(cpu), ...genAi(gpu) });
    const all = await find("o/m");
    expect(all.paths).toEqual([
      `${gpu}genai_config.json`,
      `${gpu}tokenizer.json`,
      `${gpu}model.onnx`,
      `${gpu}model.onnx.data`,
    ]);
    expect(all.facts.contextLength).toBe(4096);
    const one = await find(`${hub.url}/o/m/tree/main/${cpu}`);
    expect(one).toMatchObject({ id: `o/m:${cpu}`, name: `m (${cpu.slice(0, -1)})` });
    expect(one.paths).toContain(`${cpu}model.onnx`);
  });

  it("can be named by the address of one graph", async () => {
    put("o/m", { ...SMALL, "onnx/model_q4f16.onnx": "graph" });
    const { paths } = await find(`${hub.url}/o/m/blob/main/onnx/model_q4.onnx`);
    expect(paths).toContain("onnx/model_q4.onnx");
    expect(paths).not.toContain("onnx/model_q4f16.onnx");
  });

  it("may have one GGUF file that is meant, or all parts of one", async () => {
    const parts = ["q/m-00001-of-00002.gguf", "q/m-00002-of-00002.gguf"];
    put("o/g", Object.fromEntries([...parts, "other.gguf", "onnx/model.onnx"].map((path) => [path, path])));
    const hosts = new ModelHosts(hub.url, []);
    const facts = async (source: string) => (await hosts.facts(readTextSource(source, hosts).origin, signal)).files;
    expect((await facts(`${hub.url}/o/g/blob/main/${parts[0]}`)).map(({ path }) => path)).toEqual(parts);
    expect((await facts("o/g:other.gguf")).map(({ path, bytes }) => [path, bytes])).toEqual([["other.gguf", 10]]);
    await expect(facts("o/g:nowhere.gguf")).rejects.toMatchObject({ code: "file-missing" });
  });

  it("may have settings with null, Infinity and a byte order mark", async () => {
    const config = '\ufeff{"model_type":"x","max_position_embeddings":null,"rope":Infinity,"text_config":null}';
    put("o/m", { ...SMALL, "config.json": config });
    expect((await find("o/m")).facts.contextLength).toBeUndefined();
  });
});

describe("folders on web hosts", () => {
  it("are searched for all files of every variant", async () => {
    const templates = { "chat_template.json": "{}", "chat_template.jinja": "" };
    put("o/m", { ...SMALL, ...templates, "onnx/model_q4.onnx_data": "w", "onnx/model_q4.onnx_data_1": "w" });
    put("o/m", { "onnx/model_q2f16.onnx": "graph" });
    const { paths, facts } = await find(hub.folder("o/m"));
    const weights = ["onnx/model_q4.onnx", "onnx/model_q4.onnx_data", "onnx/model_q4.onnx_data_1"];
    expect(paths).toEqual(["config.json", "tokenizer.json", "chat_template.jinja", "chat_template.json", ...weights]);
    expect(facts.files.map(({ path }) => path)).toContain("onnx/model_q2f16.onnx");
  });

  it("may have the shape that ONNX Runtime GenAI gives them", async () => {
    put("o/m", { "genai_config.json": GENAI, "tokenizer.json": "{}", "model.onnx": "g", "model.onnx.data": "weights" });
    const { paths, facts } = await find(hub.folder("o/m"));
    expect(paths).toEqual(["genai_config.json", "tokenizer.json", "model.onnx", "model.onnx.data"]);
    expect(facts).toMatchObject({ contextLength: 4096 });
    expect(facts.files.find(({ path }) => path === "model.onnx.data")?.bytes).toBe(7);
  });

  it("may have a GGUF file, whose address names it", async () => {
    put("o/m", { "a-00001-of-00002.gguf": "first", "a-00002-of-00002.gguf": "second", "b-00001-of-00002.gguf": "x" });
    const hosts = new ModelHosts(hub.url, []);
    const facts = (name: string) =>
      hosts.facts(readTextSource(`${hub.folder("o/m")}${name}`, hosts).origin, signal).then(({ files }) => files);
    expect(await facts("a-00001-of-00002.gguf")).toEqual([
      { path: "a-00001-of-00002.gguf", bytes: 5 },
      { path: "a-00002-of-00002.gguf", bytes: 6 },
    ]);
    await expect(facts("b-00001-of-00002.gguf")).rejects.toMatchObject({
      code: "file-missing",
      message: expect.stringContaining("no file b-00002-of-00002.gguf") as unknown,
    });
  });

  it("can be named by the address of a graph in onnx/", async () => {
    put("o/m", SMALL);
    expect((await find(`${hub.folder("o/m")}onnx/model_q4.onnx`)).paths).toContain("onnx/model_q4.onnx");
  });

  it.each([403, 405, 501])("are read by ranges if the host answers HEAD with %i", async (status) => {
    put("o/m", { ...SMALL, "onnx/model_q4.onnx_data": "weights" });
    hub.refuseHead(status);
    const { paths, facts } = await find(hub.folder("o/m"));
    expect(paths).toEqual([...Object.keys(SMALL), "onnx/model_q4.onnx_data"]);
    expect(facts.files.find(({ path }) => path.endsWith("_data"))?.bytes).toBe(7);
  });

  it.each([429, 503])("are asked again later if the host answers %i", async (status) => {
    put("o/m", SMALL);
    hub.limit({ after: 10, status, times: 6, retryAfter: 0 });
    expect((await find(hub.folder("o/m"))).paths).toEqual(Object.keys(SMALL));
  });

  it("say that the host is busy, and for how long", async () => {
    put("o/m", SMALL);
    hub.limit({ after: 10, status: 429, times: Infinity, retryAfter: 3600 });
    await expect(find(hub.folder("o/m"))).rejects.toMatchObject({
      code: "network",
      message: expect.stringMatching(/was asked too often \(429\) and asks to wait 3600 seconds/) as unknown,
    });
  });

  it("say that the host refuses, if it gives out the settings only", async () => {
    put("o/m", SMALL);
    hub.limit({ after: 1, status: 403, times: Infinity });
    await expect(find(hub.folder("o/m"))).rejects.toMatchObject({
      code: "network",
      message: expect.stringContaining("refuses to give out the model's graphs (403)") as unknown,
    });
  });
});
