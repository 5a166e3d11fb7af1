/** The room named in the attribute: reads its invite, asks the person, enters it, and knows how that went. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { MicrogridError } from "../core";
import type { GridApi, InviteInfo, RoomPreview } from "../grid";
import type { Entrance } from "../ui/parts";
import { asMicrogridError } from "./dialogue";
import { definePreview } from "./views";

/** The facts about the room before it is entered. The room is contacted only once the person presses a button. */
export type Look =
  | { readonly kind: "not-yet" }
  /** The search for a member goes on. */
  | { readonly kind: "looking" }
  | { readonly kind: "failed"; readonly error: MicrogridError }
  | { readonly kind: "seen"; readonly preview: RoomPreview; readonly entrance: Entrance };

/** The state of the element with regard to its room. */
export type RoomEntry =
  /** No room is named, or it cannot be read yet. */
  | { readonly kind: "none" }
  /** The attribute is not a valid invite. */
  | { readonly kind: "unreadable"; readonly error: MicrogridError }
  /** The person is asked; `error` says why entering failed before. */
  | {
      readonly kind: "asking";
      readonly invite: InviteInfo;
      readonly error: MicrogridError | undefined;
      readonly look: Look;
    }
  | { readonly kind: "entering"; readonly invite: InviteInfo }
  /** The person does not want to enter for now. */
  | { readonly kind: "declined"; readonly invite: InviteInfo }
  | { readonly kind: "inside"; readonly invite: InviteInfo };

/** The person's answer to the question. */
export interface Consent {
  /** The name that peers will see. */
  readonly name: string;
  /** Whether this device answers the others' questions too. */
  readonly share: boolean;
}

const NOT_YET: Look = { kind: "not-yet" };

/** Those of all elements in the page. */
const controllers = new Set<RoomEntryController>();

/** Follows the room of one element. */
export class RoomEntryController implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #onError: (error: MicrogridError) => void;
  readonly #usesRoom: () => boolean;
  #grid: GridApi | undefined;
  #link = "";
  #looking = new AbortController();
  #entry: RoomEntry = { kind: "none" };

  /** `usesRoom` says whether the element needs the room that this device is in. */
  constructor(host: ReactiveControllerHost, onError: (error: MicrogridError) => void, usesRoom: () => boolean) {
    this.#host = host;
    this.#onError = onError;
    this.#usesRoom = usesRoom;
    host.addController(this);
  }

  get entry(): RoomEntry {
    return this.#entry;
  }

  hostConnected(): void {
    controllers.add(this);
  }

  hostDisconnected(): void {
    controllers.delete(this);
    this.#looking.abort();
  }

  /** Takes the newest value of the attribute, and asks about it once the grid is open. */
  follow(grid: GridApi | undefined, link: string): void {
    if (grid === this.#grid && link === this.#link) return;
    this.#grid = grid;
    this.#link = link;
    this.#looking.abort();
    if (!grid || link === "") return this.#set({ kind: "none" });
    try {
      this.#set({ kind: "asking", invite: grid.rooms.inspect(link), error: undefined, look: NOT_YET });
      this.refresh();
    } catch (thrown) {
      const error = asMicrogridError(thrown);
      this.#set({ kind: "unreadable", error });
      this.#onError(error);
    }
  }

  /** Compares with the room that the grid is in now, since another element or the page may have entered or left it. */
  refresh(): void {
    const entry = this.#entry;
    if (!("invite" in entry) || entry.kind === "entering") return;
    const inside = this.#grid?.state.room?.id === entry.invite.roomId;
    if (inside === (entry.kind === "inside")) return;
    this.#set({ kind: inside ? "inside" : "declined", invite: entry.invite });
  }

  /** Asks again after a "not now". */
  ask(): void {
    if (this.#entry.kind === "declined") this.#set({ ...this.#entry, kind: "asking", error: undefined, look: NOT_YET });
  }

  decline(): void {
    this.#looking.abort();
    if (this.#entry.kind === "asking") this.#set({ kind: "declined", invite: this.#entry.invite });
  }

  /** Looks into the room as a guest, which reveals only the network address; never rejects. */
  async look(): Promise<void> {
    const grid = this.#grid;
    if (!grid || this.#entry.kind !== "asking") return;
    this.#looking.abort();
    this.#looking = new AbortController();
    const { signal } = this.#looking;
    this.#saw({ kind: "looking" });
    try {
      const [preview, { entranceFor }] = await Promise.all([
        grid.rooms.preview(this.#link, { signal }),
        definePreview(),
      ]);
      if (signal.aborted) return;
      this.#saw({ kind: "seen", preview, entrance: entranceFor(preview.charter, grid.state.node) });
    } catch (thrown) {
      if (signal.aborted) return;
      const error = asMicrogridError(thrown);
      this.#saw({ kind: "failed", error });
      this.#onError(error);
    }
  }

  /** Enters the room; never rejects. */
  async enter({ name, share }: Consent): Promise<void> {
    const grid = this.#grid;
    const link = this.#link;
    if (!grid || this.#entry.kind !== "asking") return;
    const { invite, look } = this.#entry;
    this.#looking.abort();
    this.#set({ kind: "entering", invite });
    try {
      if (name !== "" && name !== grid.identity.name) await grid.identity.rename(name);
      await grid.rooms.current?.leave();
      const room = await grid.rooms.join(link);
      if (share) await room.share();
      if (link === this.#link) this.#set({ kind: "inside", invite });
    } catch (thrown) {
      const error = asMicrogridError(thrown);
      if (link === this.#link)
        this.#set({ kind: "asking", invite, error, look: look.kind === "looking" ? NOT_YET : look });
      this.#onError(error);
    }
  }

  /** Leaves the room; never rejects. */
  async leave(): Promise<void> {
    try {
      await this.#grid?.rooms.current?.leave();
    } catch (thrown) {
      this.#onError(asMicrogridError(thrown));
    }
  }

  /** Stops sharing, and leaves the room unless another element of the page uses it; never rejects. */
  async withdraw(): Promise<void> {
    try {
      await this.#grid?.rooms.current?.share(false);
    } catch (thrown) {
      this.#onError(asMicrogridError(thrown));
    }
    if (![...controllers].some((each) => each !== this && each.#usesRoom())) await this.leave();
  }

  #saw(look: Look): void {
    if (this.#entry.kind === "asking") this.#set({ ...this.#entry, look });
  }

  #set(entry: RoomEntry): void {
    this.#entry = entry;
    this.#host.requestUpdate();
  }
}
