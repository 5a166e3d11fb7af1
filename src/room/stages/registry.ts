/** Handlers for the frames of pipelines. Several parts of a node each take some types of them. */
import { type Did, cborField } from "../../core";
import type { RawFrame, Interest } from "../../wire";
import { type FrameHandlers, dispatch } from "../frames/handlers";
import type { STAGE_FRAMES, StageFrame } from "../frames/stage";

/** Handlers for some types of stage frames; `from` is the member that sent the frame. */
export type StageHandlers = Partial<FrameHandlers<typeof STAGE_FRAMES, Did>>;

/** One pipeline by its id, or a function that judges a frame by whatever its sender gives as the id, and by the sender. */
export type PipelineFilter = string | ((pipeline: unknown, from: Did) => Interest);

interface Registered {
  readonly handlers: StageHandlers;
  /** Judges whose frames of which pipelines they take; undefined: all frames, and none of them is asked for. */
  readonly of: ((pipeline: unknown, from: Did) => Interest) | undefined;
}

/** All handlers that are registered on one node. */
export class StageRegistry {
  readonly #registered = new Set<Registered>();

  /**
   * Registers handlers; with `pipeline`, only for the frames of that pipeline, or for those that it accepts. Returns a function that
   * removes them.
   */
  add(handlers: StageHandlers, { pipeline }: { readonly pipeline?: PipelineFilter } = {}): () => void {
    const of = typeof pipeline === "string" ? (id: unknown) => id === pipeline && "asked" : pipeline;
    const registered = { handlers, of };
    this.#registered.add(registered);
    return () => this.#registered.delete(registered);
  }

  /** Whether anybody takes a frame, judged by its kind, pipeline and sender alone: others need not be decoded. */
  wants({ kind, body }: RawFrame, from: Did): Interest {
    const taking = [...this.#registered].filter(({ handlers }) => Object.hasOwn(handlers, kind));
    const pipeline = taking.length > 0 ? cborField(body, ["pipeline"]) : undefined;
    const interests = taking.map(({ of }) => (of ? of(pipeline, from) : true));
    return interests.includes("asked") ? "asked" : interests.includes(true);
  }

  /**
   * Calls all handlers for a frame, in the order of registration. An error in one of them stops neither the others nor the
   * link that the frame came over: it is reported as uncaught.
   */
  dispatch(frame: StageFrame, from: Did): void {
    const pipeline = "pipeline" in frame.body ? frame.body.pipeline : undefined;
    for (const registered of [...this.#registered]) {
      const { handlers, of } = registered;
      // A handler that was called before may have removed this one.
      if (!this.#registered.has(registered) || of?.(pipeline, from) === false) continue;
      try {
        dispatch<typeof STAGE_FRAMES, Did>(handlers, frame, from);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
