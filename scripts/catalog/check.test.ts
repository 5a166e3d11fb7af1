import { spawn } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HubServer } from "../../e2e/harness/hub-server";

const QWEN = "onnx-community/Qwen2.5-0.5B-Instruct";
const LLAMA = "mlc-ai/Llama-3.2-1B-Instruct-q4f16_1-MLC";

let hub: HubServer;

beforeEach(async () => {
  hub = await HubServer.start();
});

afterEach(() => hub.stop());

/** A repository as the catalog describes it: its files are small, and the hub only says that they are large. */
function putQwen(change: { context?: number; weights?: number; licence?: string; without?: string } = {}): void {
  const files: Record<string, string> = {
    "config.json": JSON.stringify({ model_type: "qwen2", max_position_embeddings: change.context ?? 32768 }),
    "tokenizer.json": "{}",
    "onnx/model_q4f16.onnx": "graph",
  };
  for (const [path, content] of Object.entries(files)) if (path !== change.without) hub.put(QWEN, path, content);
  hub.claimSize(QWEN, "onnx/model_q4f16.onnx", change.weights ?? 480e6);
  hub.license(QWEN, change.licence ?? "apache-2.0");
}

/** Runs the command for the entries whose ids contain the words. */
async function check(words: string, url = hub.url): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, ["scripts/catalog-check.mjs", "--hub", url, words]);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (text += String(data)));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, text };
}

describe("npm run catalog:check", () => {
  it("accepts a repository that is as the catalog says", async () => {
    putQwen();
    const { code, text } = await check(QWEN);
    expect(text).toContain(`✓ ${QWEN}\n`);
    expect([code, text.split("\n").at(-2)]).toEqual([
      0,
      `1 entries checked on ${hub.url}: 0 wrong, 0 without an answer.`,
    ]);
  });

  it("names a size, a context and a licence that differ", async () => {
    putQwen({ context: 4096, weights: 3e9, licence: "mit" });
    const { code, text } = await check(QWEN);
    expect(text).toContain("The weights have 3000 MB on the hub, but the catalog leads to an estimate of");
    expect(text).toContain("The hub says a context of 4096 tokens, the catalog 32768.");
    expect(text).toContain("The hub says the licence mit, the table of families apache-2.0.");
    expect(code).toBe(1);
  });

  it("names a repository and a file that are missing", async () => {
    expect(await check(QWEN)).toMatchObject({ code: 1, text: expect.stringContaining("has no model named") as string });
    putQwen({ without: "tokenizer.json" });
    const { code, text } = await check(QWEN);
    expect([code, text]).toEqual([1, expect.stringContaining("lacks the file tokenizer.json")]);
  });

  it("reads the list of weights of a WebLLM model", async () => {
    const config = { tokenizer_files: ["tokenizer.json"], conv_template: {}, context_window_size: 131072 };
    hub.put(LLAMA, "mlc-chat-config.json", JSON.stringify(config));
    hub.put(
      LLAMA,
      "tensor-cache.json",
      JSON.stringify({ records: [{ dataPath: "params_shard_0.bin", nbytes: 690e6 }] }),
    );
    const { code, text } = await check("Llama-3.2-1B-Instruct-q4f16_1");
    expect([code, text]).toEqual([0, expect.stringContaining("The hub does not say a licence.")]);
  });

  it("tells a hub that does not answer from a wrong entry", async () => {
    const { code, text } = await check(QWEN, "http://127.0.0.1:9");
    expect([code, text]).toEqual([2, expect.stringContaining("cannot be reached")]);
  });
});
