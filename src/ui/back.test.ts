/** Back closes what lies over the page, and each layer has exactly one entry in the history. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { BackCloses, type Close } from "./back";

/** A history with the page's own entry; going somewhere takes a moment, as in a browser. */
class FakeHistory {
  readonly entries: unknown[] = [null];
  at = 0;

  get state(): unknown {
    return this.entries[this.at];
  }

  pushState(state: unknown): void {
    this.entries.splice(++this.at, Infinity, state);
  }

  go(by: number): void {
    setTimeout(() => {
      this.at += by;
      page.dispatchEvent(new Event("popstate"));
    });
  }
}

let page: EventTarget;
let fake: FakeHistory;
let back: BackCloses;
const settled = (): Promise<unknown> => vi.runAllTimersAsync();

function pressBack(): Promise<unknown> {
  fake.go(-1);
  return settled();
}

/** A layer that reports that it has closed. */
function opened(): { readonly layer: object; readonly close: ReturnType<typeof vi.fn<Close>> } {
  const layer = {};
  const close = vi.fn<Close>(() => {
    back.set(layer, undefined);
    return true;
  });
  back.set(layer, close);
  return { layer, close };
}

beforeEach(() => {
  vi.useFakeTimers();
  page = new EventTarget();
  fake = new FakeHistory();
  vi.stubGlobal("history", fake);
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  back = new BackCloses();
  back.connect();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("Back closes the newest layer first, then the one beneath, and nothing else", async () => {
  const below = opened();
  await settled();
  const above = opened();
  await settled();
  expect(fake.at).toBe(2);
  await pressBack();
  expect([below.close.mock.calls.length, above.close.mock.calls.length]).toEqual([0, 1]);
  await pressBack();
  expect(below.close).toHaveBeenCalledOnce();
  expect(fake.at).toBe(0);
});

test("a layer that closes by itself takes its entry along", async () => {
  const { layer, close } = opened();
  await settled();
  back.set(layer, undefined);
  await settled();
  expect(fake.at).toBe(0);
  expect(close).not.toHaveBeenCalled();
});

test("a layer that opens while another closes takes over its entry", async () => {
  const { layer } = opened();
  await settled();
  back.set(layer, undefined);
  const { close } = opened();
  await settled();
  expect(fake.at).toBe(1);
  await pressBack();
  expect(close).toHaveBeenCalledOnce();
});

test("a layer that refuses to close gets its entry back", async () => {
  const refuse = vi.fn<Close>(() => false);
  back.set({}, refuse);
  await settled();
  await pressBack();
  expect(refuse).toHaveBeenCalledOnce();
  expect(fake.at).toBe(1);
});

test("entries that a reload leaves behind are left", async () => {
  await settled();
  back.disconnect();
  fake.pushState({ layers: 1 });
  back.connect();
  await settled();
  expect(fake.at).toBe(0);
});
