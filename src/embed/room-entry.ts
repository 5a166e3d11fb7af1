/** The room named in the attribute: reading its invite, asking the person, entering it, and what came of that. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { MicrogridError } from "../core";
import type { GridApi, InviteInfo, RoomPreview } from "../grid";
import { type Entrance, loadCharter, modelName } from "../ui/parts";
import { asMicrogridError } from "./dialogue";

/** What is known of the room before it is entered. A page that names a room is no reason to contact it: a press is. */
export type Look =
  | { readonly kind: "not-yet" }
  /** Somebody inside is looked for. */
  | { readonly kind: "looking" }
  | { readonly kind: "failed"; readonly error: MicrogridError }
  | {
      readonly kind: "seen";
      readonly inside: RoomPreview["inside"];
      readonly purpose: string;
      /** The charter in sentences. */
      readonly rules: readonly string[];
      readonly entrance: Entrance;
    };

/** Where the element stands with its room. */
export type RoomEntry =
  /** No room is named, or it cannot be read yet. */
  | { readonly kind: "none" }
  /** The attribute is no invite. */
  | { readonly kind: "unreadable"; readonly error: MicrogridError }
  /** The person is asked; `error` says why entering failed before. */
  | {
      readonly kind: "asking";
      readonly invite: InviteInfo;
      readonly error: MicrogridError | undefined;
      readonly look: Look;
    }
  | { readonly kind: "entering"; readonly invite: InviteInfo }
  /** The person does not want to, for now. */
  | { readonly kind: "declined"; readonly invite: InviteInfo }
  | { readonly kind: "inside"; readonly invite: InviteInfo };

/** What the person says to the question. */
export interface Consent {
  /** The name that peers will see. */
  readonly name: string;
  /** Whether this device answers the others' questions too. */
  readonly share: boolean;
}

const NOT_YET: Look = { kind: "not-yet" };

/** Follows the room of one element. */
export class RoomEntryController implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #onError: (error: MicrogridError) => void;
  #grid: GridApi | undefined;
  #link = "";
  #looking = new AbortController();
  #entry: RoomEntry = { kind: "none" };

  constructor(host: ReactiveControllerHost, onError: (error: MicrogridError) => void) {
    this.#host = host;
    this.#onError = onError;
    host.addController(this);
  }

  get entry(): RoomEntry {
    return this.#entry;
  }

  hostConnected(): void {}

  hostDisconnected(): void {
    this.#looking.abort();
  }

  /** Takes the attribute's newest value, and asks about it once the grid is open. */
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

  /** Compares with the room that the grid is in now: another element, or the page, may have entered or left it. */
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

  /** Looks into the room as a guest, who tells nothing but a network address; never rejects. */
  async look(): Promise<void> {
    const grid = this.#grid;
    if (!grid || this.#entry.kind !== "asking") return;
    this.#looking.abort();
    this.#looking = new AbortController();
    const { signal } = this.#looking;
    this.#saw({ kind: "looking" });
    try {
      const [{ charter, inside }, { entranceFor, purposeOf, rulesOf }] = await Promise.all([
        grid.rooms.preview(this.#link, { signal }),
        loadCharter(),
      ]);
      if (signal.aborted) return;
      const rules = rulesOf(charter, { model: (id) => modelName(grid.state, id) }).map(({ text }) => text);
      const entrance = entranceFor(charter, grid.state.node);
      this.#saw({ kind: "seen", inside, purpose: purposeOf(charter), rules, entrance });
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

  #saw(look: Look): void {
    if (this.#entry.kind === "asking") this.#set({ ...this.#entry, look });
  }

  #set(entry: RoomEntry): void {
    this.#entry = entry;
    this.#host.requestUpdate();
  }
}
