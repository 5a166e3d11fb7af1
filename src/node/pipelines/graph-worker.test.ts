/** Graphs are read away from the page, one at a time, and none for longer than it may take. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { FakeLocks } from "../../border/testing/locks";
import { FakeWorker } from "../../border/testing/worker";
import { SplitModel } from "../../pipeline";
import { GraphService, type GraphFile } from "../../pipeline/graphs";
import { hostileGraph } from "../../pipeline/split/testing/hostile-graph";
import { GraphTooMuch, GraphWorker } from "./graph-worker";

const { signal } = new AbortController();
/** Reading it never ends. */
const ENDLESS = 13;

class StuckService extends GraphService {
  override read(graph: GraphFile) {
    return graph.file.size === ENDLESS ? new Promise<never>(() => undefined) : super.read(graph);
  }
}

let workers: FakeWorker[] = [];
const strangers = (): GraphWorker =>
  new GraphWorker(
    () => {
      const worker = new FakeWorker(new StuckService());
      workers.push(worker);
      return worker.asWorker;
    },
    { strangers: true },
  );
function read(graphs: GraphWorker, graphBytes: Uint8Array<ArrayBuffer>): Promise<SplitModel> {
  const nothing = () => Promise.resolve(new Blob([new Uint8Array(2 ** 14)]));
  const parts = { id: "a/b", name: "B", graph: "b.onnx", graphBytes, weightsHash: "", read: nothing };
  return SplitModel.read(parts, graphs, { trusted: false });
}
const usual = () => hostileGraph({ layers: 3, weight: [64, 64] });

beforeEach(() => {
  workers = [];
  vi.stubGlobal("navigator", { locks: new FakeLocks() });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("gives a graph up that takes too long, and reads the others in another worker", async () => {
  const graphs = strangers();
  const first = await read(graphs, usual());
  expect(first.layers).toBe(3);
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const failed = expect(read(graphs, new Uint8Array(ENDLESS))).rejects.toThrow(GraphTooMuch);
  const other = read(graphs, usual());
  await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1));
  await vi.advanceTimersByTimeAsync(15_000);
  await failed;
  expect((await other).layers).toBe(3);
  expect(workers.map(({ terminated }) => terminated)).toEqual([true, false]);
  vi.useRealTimers();
  // Stages of a graph that the lost worker had read are cut by the next one.
  const range = { embed: false, from: 1, to: 2, head: false };
  const { files } = await first.package(range, { id: "stage", signal });
  expect(files.map(({ blob }) => blob.size)).toEqual([2 ** 14]);
});

it("tells why a graph is not accepted, as if it were read here", async () => {
  const graphs = strangers();
  await expect(read(graphs, new Uint8Array([1, 2, 3]))).rejects.toMatchObject({ code: "not-a-model" });
  expect(workers.map(({ terminated }) => terminated)).toEqual([false]);
});
