/** Handlers for the frames of pipelines. Several parts of a node each take some types of them. */
import type { Did } from "../../core";
import { type FrameHandlers, dispatch } from "../frames/handlers";
import type { STAGE_FRAMES, StageFrame } from "../frames/stage";

/** Handlers for some types of stage frames; `from` is the member that sent the frame. */
export type StageHandlers = Partial<FrameHandlers<typeof STAGE_FRAMES, Did>>;

interface Registered {
  readonly handlers: StageHandlers;
  /** The only pipeline whose frames they take; undefined: all frames. */
  readonly pipeline: string | undefined;
}

/** All handlers that are registered on one node. */
export class StageRegistry {
  readonly #registered = new Set<Registered>();

  /** Registers handlers; with `pipeline`, only for the frames of that pipeline. Returns a function that removes them. */
  add(handlers: StageHandlers, { pipeline }: { readonly pipeline?: string } = {}): () => void {
    const registered = { handlers, pipeline };
    this.#registered.add(registered);
    return () => this.#registered.delete(registered);
  }

  /**
   * Calls all handlers for a frame, in the order of registration. An error in one of them stops neither the others nor the
   * link that the frame came over: it is reported as uncaught.
   */
  dispatch(frame: StageFrame, from: Did): void {
    const of = "pipeline" in frame.body ? frame.body.pipeline : undefined;
    for (const registered of [...this.#registered]) {
      const { handlers, pipeline } = registered;
      // A handler that was called before may have removed this one.
      if (!this.#registered.has(registered) || (pipeline !== undefined && pipeline !== of)) continue;
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
