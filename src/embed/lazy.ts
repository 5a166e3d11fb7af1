/** The parts of the elements' code that are loaded when an element first shows them. */
import type { ReactiveControllerHost } from "lit";
import { type RoomTexts, loadRoomOpening, loadRoomTexts, loadRoomView } from "../ui/parts";
import type * as LendingPart from "./lending";
import type * as NodeView from "./node-view";
import type * as RoomQuestion from "./room-question";

class Lazy<T> {
  readonly #load: () => Promise<T>;
  #loading: Promise<T> | undefined;
  #loaded: T | undefined;

  constructor(load: () => Promise<T>) {
    this.#load = load;
  }

  /** The part; undefined until it is loaded, after which `host` is rendered again. */
  want(host: ReactiveControllerHost): T | undefined {
    if (this.#loaded !== undefined) return this.#loaded;
    // The next change of the element tries again.
    this.load().then(
      () => host.requestUpdate(),
      () => undefined,
    );
    return undefined;
  }

  /** The same as a promise. It rejects if the part cannot be loaded; a later call tries again. */
  load(): Promise<T> {
    this.#loading ??= this.#load().then(
      (loaded) => (this.#loaded = loaded),
      (error: unknown) => {
        this.#loading = undefined;
        throw error;
      },
    );
    return this.#loading;
  }
}

/** The question before a room, with the texts that the page asks it in. */
export const roomQuestion = new Lazy<typeof RoomQuestion & { readonly texts: RoomTexts }>(async () => {
  const [view, texts] = await Promise.all([import("./room-question"), loadRoomTexts()]);
  return { ...view, texts };
});

/** The behaviour and the view of `<microgrid-node>`, with the texts of the page. */
export const nodeParts = new Lazy<typeof NodeView & typeof LendingPart & { readonly texts: RoomTexts }>(async () => {
  const [view, lending, texts] = await Promise.all([import("./node-view"), import("./lending"), loadRoomTexts()]);
  return { ...view, ...lending, texts };
});

/** Registers `<mg-room-view>`. */
export const roomInside = new Lazy(loadRoomView);

/** Registers `<mg-room-opening>`. */
export const roomOpening = new Lazy(loadRoomOpening);
