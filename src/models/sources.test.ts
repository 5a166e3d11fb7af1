import { describe, expect, it } from "vitest";
import { ModelHosts } from "./hosts";
import { isHubName, readFileSource, readTextSource } from "./sources";

const hosts = new ModelHosts("https://hub.example/", ["https://mirror.example"]);
const origin = (source: string): unknown => readTextSource(source, hosts).origin;

describe("readTextSource", () => {
  it.each([
    ["owner/name-1.5B", "owner/name-1.5B"],
    ["  owner/name ", "owner/name"],
    ["https://hub.example/owner/name", "owner/name"],
    ["https://hub.example/owner/name/tree/main/onnx", "owner/name"],
    ["https://huggingface.co/owner/name/", "owner/name"],
    ["https://mirror.example/owner/name/resolve/main/config.json", "owner/name"],
    ["owner/name@main", "owner/name"],
    ["owner/name:onnx/", "owner/name"],
  ])("reads %s as a repository", (source, repository) => {
    expect(readTextSource(source, hosts)).toMatchObject({ id: repository, origin: { kind: "hub", repository } });
  });

  it("reads other addresses as folders, also the address of a file in a folder", () => {
    const folder = { kind: "folder", url: "https://site.example/models/mine/" };
    expect(origin("https://site.example/models/mine")).toEqual(folder);
    expect(origin("https://site.example/models/mine/config.json?x=1")).toEqual(folder);
    expect(origin("https://site.example/models/mine/index.html")).toEqual(folder);
  });

  it("reads the address of a GGUF file as that file", () => {
    expect(readTextSource("https://site.example/models/my%20model-Q4_0.gguf", hosts)).toEqual({
      id: "https://site.example/models/my model-Q4_0.gguf",
      name: "my model-Q4_0",
      origin: { kind: "folder", url: "https://site.example/models/", within: "my model-Q4_0.gguf" },
    });
    expect(readTextSource("https://hub.example/o/m/blob/main/q/m-Q8_0-00001-of-00002.gguf", hosts)).toEqual({
      id: "o/m:q/m-Q8_0-00001-of-00002.gguf",
      name: "m-Q8_0",
      origin: { kind: "hub", repository: "o/m", within: "q/m-Q8_0-00001-of-00002.gguf" },
    });
  });

  it("reads two addresses as a WebLLM model and its library", () => {
    expect(readTextSource("https://a.example/m-q4f16_1-MLC https://b.example/m.wasm", hosts)).toMatchObject({
      name: "m-q4f16_1-MLC",
      origin: { kind: "webllm", libraryUrl: "https://b.example/m.wasm", requiredFeatures: ["shader-f16"] },
    });
  });

  it.each([
    "",
    "hello",
    "what is this",
    "ftp://x/y",
    "javascript:alert(1)",
    "a/b c/d",
    "https://a.example/m no-address",
  ])("refuses %j", (source) => {
    expect(() => readTextSource(source, hosts)).toThrow(expect.objectContaining({ code: "bad-request" }));
  });
});

describe("readFileSource", () => {
  it("takes GGUF files alone", () => {
    const files = ["b-00002-of-00002.gguf", "b-00001-of-00002.gguf", "notes.txt"].map((name) => new File(["x"], name));
    const source = readFileSource(files);
    expect(source.name).toBe("b");
    expect(source.files.map(({ path }) => path)).toEqual(["b-00002-of-00002.gguf", "b-00001-of-00002.gguf"]);
  });

  const file = (path: string): File => {
    const picked = new File(["x"], path.split("/").at(-1) ?? path);
    return Object.defineProperty(picked, "webkitRelativePath", { value: path.includes("/") ? path : "" });
  };

  it("reads paths relative to the folder that holds config.json", () => {
    const { name, files } = readFileSource(
      ["up/mine/onnx/model.onnx", "up/mine/config.json", "up/other.txt"].map(file),
    );
    expect(name).toBe("mine");
    expect(files.map(({ path }) => path)).toEqual(["onnx/model.onnx", "config.json"]);
  });

  it("takes genai_config.json for the configuration if there is no other", () => {
    const picked = ["up/mine/gpu/model.onnx", "up/mine/gpu/genai_config.json", "up/mine/other.txt"].map(file);
    expect(readFileSource(picked)).toMatchObject({ name: "gpu", files: [{ path: "model.onnx" }, {}] });
    expect(readFileSource([...picked, file("up/mine/config.json")])).toMatchObject({ name: "mine" });
  });

  it("refuses files without a configuration", () => {
    expect(() => readFileSource([file("a.onnx")])).toThrow(expect.objectContaining({ code: "not-a-model" }));
  });
});

describe("isHubName", () => {
  it.each(["a/b", "a/b@dev", "a/b@refs/pr/1", "a/b:gpu/int4/", "a/b@dev:onnx/model_q4.onnx"])("knows %s", (text) => {
    expect(isHubName(text)).toBe(true);
    expect(readTextSource(text, hosts).id).toBe(text);
  });

  it.each(["a", "a/b@main", "a/b:onnx/", "https://hub.example/a/b", "a/b@", "a/b c"])("does not know %s", (text) => {
    expect(isHubName(text)).toBe(false);
  });
});

describe("ModelHosts", () => {
  it("returns the hub's address first and then its mirrors', with odd names escaped", () => {
    expect(hosts.urls({ kind: "hub", repository: "o/n" }, "onnx/a b.onnx")).toEqual([
      "https://hub.example/o/n/resolve/main/onnx/a%20b.onnx",
      "https://mirror.example/o/n/resolve/main/onnx/a%20b.onnx",
    ]);
  });

  it("finds an MLC model's files like the library does, on the configured hub", () => {
    expect(hosts.weightsUrl("https://huggingface.co/mlc-ai/m")).toBe("https://hub.example/mlc-ai/m/resolve/main/");
    expect(hosts.weightsUrl("https://x.example/m/resolve/v1")).toBe("https://x.example/m/resolve/v1/");
  });
});
