/** The page's side of the workers that read graphs: one graph at a time. */
import { NotRead, WatchedWorker } from "../../border";
import { MicrogridError, spawnWorker } from "../../core";
import type { GraphFigures, GraphFile, GraphService, Graphs } from "../../pipeline";
import graphWorkerUrl from "../../../workers/graphs.ts?worker&url";

/**
 * Time to read a graph, or to cut a stage out of it. The largest graph that is accepted from others takes a second or two on a slow
 * device (`src/pipeline/split/limits.ts`); the user's own may have eight times as much in it.
 */
const MAX_SECONDS = { strangers: 10, own: 120 };

/** A graph took too long to read, or more memory than there is. */
export class GraphTooMuch extends MicrogridError {}

/** Reads graphs in a worker, which is ended and replaced if a graph takes too long. */
export class GraphWorker implements Graphs {
  readonly #worker: WatchedWorker<GraphService>;

  /** `strangers`: for graphs of other members, which get less time. */
  constructor(create: () => Worker, { strangers }: { readonly strangers: boolean }) {
    const seconds = strangers ? MAX_SECONDS.strangers : MAX_SECONDS.own;
    this.#worker = new WatchedWorker({ create, title: "The reader of graphs", seconds });
  }

  read(graph: GraphFile): Promise<GraphFigures> {
    return this.#run((service) => service.read(graph));
  }

  stage(...args: Parameters<Graphs["stage"]>): ReturnType<Graphs["stage"]> {
    return this.#run((service) => service.stage(...args));
  }

  exemplary(...args: Parameters<Graphs["exemplary"]>): ReturnType<Graphs["exemplary"]> {
    return this.#run((service) => service.exemplary(...args));
  }

  #run<R>(task: (service: GraphService) => Promise<R>): Promise<R> {
    return this.#worker.run(task).catch((error: unknown) => {
      if (!(error instanceof NotRead)) throw error;
      if (!error.tooMuch) {
        const text = "This page cannot start the worker that reads models in parts. Reload the page.";
        throw new MicrogridError("worker-crashed", text, { cause: error });
      }
      const text = "This model's graph takes far too much work to read, so it cannot run in parts.";
      throw new GraphTooMuch("unsupported-model", text, { cause: error });
    });
  }
}

/** The readers of graphs of a node: one for graphs that its user chose, and one for those of other members. */
export function graphWorkers(): { readonly graphs: Graphs; readonly strangers: Graphs } {
  const create = (name: string) => () => spawnWorker(graphWorkerUrl, name);
  return {
    graphs: new GraphWorker(create("microgrid-graphs"), { strangers: false }),
    strangers: new GraphWorker(create("microgrid-strangers"), { strangers: true }),
  };
}
