/** Distinguishes an answer that another tab is still writing from one whose tab is gone. */

const PREFIX = "microgrid/answer/";

/** Ids of the messages that this tab is writing. */
const own = new Set<string>();

/** Holds a Web Lock for a message while its answer streams; the returned function releases it. */
export function holdAnswer(messageId: string): () => void {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  own.add(messageId);
  // A Web Lock ends with its tab, and so does a running answer.
  void locks()
    ?.request(PREFIX + messageId, { mode: "shared" }, () => held)
    .catch(() => undefined);
  return () => {
    own.delete(messageId);
    release();
  };
}

/** Ids of the messages that any tab, including this one, is writing now. */
export async function liveAnswers(): Promise<ReadonlySet<string>> {
  const snapshot = await locks()?.query();
  const names = (snapshot?.held ?? []).map((lock) => lock.name ?? "");
  const others = names.filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length));
  return new Set([...own, ...others]);
}

/** True for a message that this tab is writing. */
export function isOwnAnswer(messageId: string): boolean {
  return own.has(messageId);
}

/**
 * Resolves when another tab stops writing a message, because the answer is complete or the tab is closed. A page that is being
 * left holds its locks a moment longer, so the next page may still find them.
 */
export async function answerLeft(messageId: string): Promise<void> {
  await locks()?.request(PREFIX + messageId, () => undefined);
}

function locks(): LockManager | undefined {
  return "locks" in navigator ? navigator.locks : undefined;
}
