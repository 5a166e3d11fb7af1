/** The state of a page: it tells the person what the grid does, opens what belongs to that, and remembers the last model. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TypedEventTarget, deferred } from "../../core";
import { ConversationStore, type GridApi, type GridEvents, type GridState, type Pipeline } from "../../grid";
import { stubBrowser } from "../testing/scripted-model";
import { GUIDE } from "./models";
import { RULES_NOTICE } from "./rules-watch";
import { Workspace } from "./workspace";

const CHARTER = {
  ...{ name: "Attic", purpose: "", admission: { kind: "invite" }, invites: "members", models: "any", limits: {} },
  ...{ contribution: "welcome", endpoints: false, federation: false, logs: "", servers: [], founders: [], quorum: 1 },
};
const ROOM = {
  membership: { kind: "member", founder: false },
  id: "r",
  name: "Attic",
  peers: [],
  knocks: [],
  layersWanted: [],
  share: false,
  serving: 0,
  charter: CHARTER,
};

/** A grid whose state a test sets. */
class StubGrid extends TypedEventTarget<GridEvents> {
  state = {
    role: "leader",
    policy: { privacy: "room" },
    loads: {},
    models: [],
    pipelines: [],
    notices: [],
    room: undefined,
  } as unknown as GridState;
  readonly loaded: string[] = [];
  readonly dismissed: string[] = [];
  opening = deferred<Pipeline>();
  readonly conversations: ConversationStore;
  readonly models = {
    list: () => Promise.resolve([]),
    load: (id: string): Promise<void> => {
      this.loaded.push(id);
      return Promise.reject(new Error("It does not fit."));
    },
  };
  readonly pipelines = {
    plan: (model: string) => Promise.resolve({ model, name: model === "big" ? "Big" : model, stages: [] }),
    open: () => this.opening.promise,
    list: () => [],
  };
  readonly identity = { restoreBackup: vi.fn(async () => localStorage.setItem("microgrid.model", "restored")) };

  constructor(conversations: ConversationStore) {
    super();
    this.conversations = conversations;
  }

  dismissNotice(id: string): void {
    this.dismissed.push(id);
  }

  set(patch: Record<string, unknown>): void {
    this.state = { ...this.state, ...patch };
    this.emit("change", this.state);
  }
}

let grid: StubGrid;
let page: EventTarget;
let workspace: Workspace;
const texts = (): readonly string[] => workspace.toasts.map(({ text }) => text);
const notices = (): readonly string[] => workspace.notices.map(({ id }) => id);

beforeEach(async () => {
  stubBrowser();
  page = new EventTarget();
  const values = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
    removeItem: (key: string) => void values.delete(key),
  });
  Object.assign(document, { documentElement: { dataset: {}, classList: { toggle: () => undefined } } });
  vi.stubGlobal("matchMedia", () => ({ matches: false }));
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  grid = new StubGrid(await ConversationStore.open());
  workspace = new Workspace(grid as unknown as GridApi);
});

afterEach(() => {
  workspace.close();
  vi.unstubAllGlobals();
});

describe("a workspace", () => {
  it("notifies components of every change, until it is closed", () => {
    const changed = vi.fn();
    workspace.on("change", changed);
    grid.set({});
    workspace.show({ panel: "room" });
    expect(changed).toHaveBeenCalledTimes(2);
    workspace.close();
    grid.set({});
    expect(changed).toHaveBeenCalledTimes(2);
  });

  it("closes a panel and puts the cursor where messages are typed", () => {
    const focused = vi.fn();
    workspace.on("focus-composer", focused);
    workspace.show({ panel: "room" });
    workspace.closePanel();
    expect(workspace.panel).toBeUndefined();
    expect(focused).toHaveBeenCalledOnce();
  });

  it("shows that conversations are not stored, until the notice is dismissed", () => {
    expect(notices()).toEqual(["conversations-in-memory"]);
    grid.set({ notices: [{ id: "n", level: "info", text: "News." }] });
    workspace.dismissNotice("conversations-in-memory");
    expect(notices()).toEqual(["n"]);
    expect(grid.dismissed).toEqual([]);
    workspace.dismissNotice("n");
    expect(grid.dismissed).toEqual(["n"]);
  });

  it("leaves the notice of an empty room to the room's panel", () => {
    workspace.dismissNotice("conversations-in-memory");
    grid.set({ notices: [{ id: "room-empty", level: "info", text: "Nobody is here." }] });
    expect(notices()).toEqual(["room-empty"]);
    workspace.show({ panel: "room" });
    expect(notices()).toEqual([]);
  });

  it("loads the built-in model", async () => {
    await workspace.loadHere();
    expect(grid.loaded).toEqual([GUIDE]);
  });
});

describe("the model of a workspace", () => {
  it("is the one used last, also after a reload", async () => {
    expect(workspace.wantedModel).toBeUndefined();
    await workspace.chooseModel("big");
    expect(workspace.wantedModel).toBe("big");
    const reloaded = new Workspace(grid as unknown as GridApi);
    expect(reloaded.wantedModel).toBe("big");
    reloaded.close();
  });

  it("is that of the conversation if it has one, until another is chosen", async () => {
    await workspace.chooseModel("big");
    await workspace.chats.changeSettings({ ...workspace.chats.settings, model: "small" });
    expect(workspace.wantedModel).toBe("small");
    await workspace.chooseModel("big");
    expect(workspace.wantedModel).toBe("big");
    expect(workspace.chats.settings).not.toHaveProperty("model");
  });

  it("becomes one that is loaded in the background, with a way back to the one before", async () => {
    grid.set({ loads: { [GUIDE]: { kind: "ready", offer: { model: GUIDE } } }, models: [{ id: "big", name: "Big" }] });
    const ready = deferred<undefined>();
    grid.models.load = () => ready.promise;
    const bringing = workspace.bring("big");
    expect([workspace.wantedModel, texts()]).toEqual([undefined, []]);
    grid.set({ loads: { ...grid.state.loads, big: { kind: "ready", offer: { model: "big" } } } });
    ready.resolve(undefined);
    await bringing;
    expect([workspace.wantedModel, texts()]).toEqual(["big", ["This chat now uses “Big”."]]);
    workspace.toasts[0]!.action!.run();
    await vi.waitFor(() => expect(workspace.wantedModel).toBe(GUIDE));
  });

  it("goes back to what the conversation had chosen for itself", async () => {
    await workspace.chooseModel("big");
    await workspace.chats.changeSettings({ ...workspace.chats.settings, model: "small" });
    await workspace.moveTo("other");
    expect(workspace.wantedModel).toBe("other");
    workspace.toasts[0]!.action!.run();
    await vi.waitFor(() => expect(workspace.wantedModel).toBe("small"));
    expect(localStorage.getItem("microgrid.model")).toBe("big");
  });

  it("stays as it is if a load is cancelled or fails", async () => {
    await expect(workspace.bring("big")).rejects.toThrow("It does not fit.");
    grid.models.load = () => Promise.reject(new DOMException("", "AbortError"));
    await workspace.bring("big");
    expect([workspace.wantedModel, texts()]).toEqual([undefined, []]);
  });

  it("comes from a backup that is restored", async () => {
    await workspace.chooseModel("big");
    const file = new Blob();
    await workspace.restore(file, "secret", ["page"]);
    expect(grid.identity.restoreBackup).toHaveBeenCalledWith(file, "secret", { accept: ["page"] });
    expect([workspace.wantedModel, workspace.restores]).toEqual(["restored", 1]);
  });
});

describe("news of the room", () => {
  const knock = { did: "did:key:ben", name: "Ben" };

  it("are told in toasts that lead to the panel of the room, unless it is open", () => {
    grid.set({ room: ROOM });
    grid.set({ room: { ...ROOM, knocks: [knock] } });
    expect(texts()).toEqual(["“Ben” asks to come in"]);
    workspace.toasts[0]!.action!.run();
    expect(workspace.panel).toBe("room");
    grid.set({ room: { ...ROOM, knocks: [knock, { did: "did:key:cleo", name: "Cleo" }] } });
    expect(texts()).toHaveLength(1);
  });

  it("are its new rules, until the person has opened or dismissed them", () => {
    workspace.dismissNotice("conversations-in-memory");
    grid.set({ room: ROOM });
    expect(notices()).toEqual([]);
    grid.set({ room: { ...ROOM, charter: { ...CHARTER, purpose: "to read" } } });
    expect(notices()).toEqual([RULES_NOTICE]);
    workspace.show({ dialog: "rules" });
    expect(notices()).toEqual([]);
    workspace.show({ dialog: undefined });
    grid.set({ room: { ...ROOM, charter: { ...CHARTER, purpose: "to write" } } });
    workspace.dismissNotice(RULES_NOTICE);
    expect([notices(), grid.dismissed]).toEqual([[], []]);
  });

  it("close the dialog of rules when the room is left", () => {
    grid.set({ room: ROOM });
    workspace.show({ dialog: "rules" });
    grid.set({ room: undefined });
    expect(workspace.dialog).toBeUndefined();
  });
});

describe("a model that is formed together", () => {
  /** Plans a model, and leaves the dialog while it is being formed. */
  async function forming(): Promise<{ readonly ended: Promise<void> }> {
    let planned: Promise<void> | undefined;
    workspace.planTogether(() => (planned = workspace.together.plan("big")));
    expect(workspace.dialog).toBe("models");
    await planned;
    const ended = workspace.together.form();
    workspace.together.hide();
    return { ended };
  }

  it("becomes the chosen one, and a toast announces it after the dialog was left", async () => {
    const { ended } = await forming();
    grid.opening.resolve({ id: "p" } as Pipeline);
    await ended;
    await vi.waitFor(() => expect(texts()).toEqual(["“Big” now runs together with the room."]));
    expect(workspace.wantedModel).toBe("big");
  });

  it("can be planned again after a failure", async () => {
    const { ended } = await forming();
    grid.opening.reject(new Error("Ben has left."));
    await ended;
    expect(texts()).toEqual(["“Big” could not be formed: Ben has left."]);
    workspace.show({ dialog: undefined });
    workspace.toasts[0]!.action!.run();
    expect(workspace.dialog).toBe("models");
    expect(workspace.together.shown).toMatchObject({ kind: "asking", model: "big" });
  });
});
