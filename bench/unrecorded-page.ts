/**
 * A page of which nothing is recorded. Playwright records the network of its pages, and each piece of a body then costs the
 * page and the browser more than the page itself spends on it. This one is in the browser's own profile, which Playwright
 * leaves alone, and is only told what to compute.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, CDPSession } from "@playwright/test";

const POLL_MS = 50;

/** The protocol's answer to a function that was run. */
interface Outcome {
  readonly result?: {
    readonly result: { readonly value?: unknown };
    readonly exceptionDetails?: { readonly text: string };
  };
  readonly error?: { readonly message: string };
}

/** Opened by `openUnrecorded`; ends with its browser. */
export class UnrecordedPage {
  readonly #session: CDPSession;
  readonly #sessionId: string;
  #calls = 0;

  constructor(session: CDPSession, sessionId: string) {
    this.#session = session;
    this.#sessionId = sessionId;
  }

  /** Runs a function in the page, as Playwright does: it sees only its argument. Rejects if it throws. */
  async evaluate<A, R>(run: (arg: A) => R | Promise<R>, arg: A): Promise<R> {
    const id = ++this.#calls;
    const answer = new Promise<Outcome>((resolve) => {
      const hear = ({ message }: { message: string }): void => {
        const outcome = JSON.parse(message) as Outcome & { id?: number };
        if (outcome.id !== id) return;
        this.#session.off("Target.receivedMessageFromTarget", hear);
        resolve(outcome);
      };
      this.#session.on("Target.receivedMessageFromTarget", hear);
    });
    const expression = `(${run.toString()})(${JSON.stringify(arg)})`;
    const params = { expression, awaitPromise: true, returnByValue: true };
    await this.#session.send("Target.sendMessageToTarget", {
      sessionId: this.#sessionId,
      message: JSON.stringify({ id, method: "Runtime.evaluate", params }),
    });
    const { result, error } = await answer;
    const problem = error?.message ?? result?.exceptionDetails?.text;
    if (problem !== undefined) throw new Error(`The page could not do what it was asked for: ${problem}`);
    return result?.result.value as R;
  }
}

/** Opens a page of which nothing is recorded. */
export async function openUnrecorded(browser: Browser, url: string): Promise<UnrecordedPage> {
  const session = await browser.newBrowserCDPSession();
  const { targetId } = await session.send("Target.createTarget", { url });
  const { sessionId } = await session.send("Target.attachToTarget", { targetId, flatten: false });
  const page = new UnrecordedPage(session, sessionId);
  // Until the page is there, functions run nowhere, or in the empty page before it.
  const isThere = (): Promise<boolean> => page.evaluate((wanted) => location.href.startsWith(wanted), url);
  while (!(await isThere().catch(() => false))) await sleep(POLL_MS);
  return page;
}
