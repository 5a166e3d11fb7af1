/** Tells an answer that another tab is still writing from one whose tab is gone. */

const PREFIX = "microgrid/answer/";

/** Holds a Web Lock for a message while its answer streams; the returned function lets it go. */
export function holdAnswer(messageId: string): () => void {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  // Web Locks end with their tab, which is exactly the life of a running answer.
  void locks()
    ?.request(PREFIX + messageId, { mode: "shared" }, () => held)
    .catch(() => undefined);
  return release;
}

/** Ids of the messages that some tab is writing now. */
export async function liveAnswers(): Promise<ReadonlySet<string>> {
  const snapshot = await locks()?.query();
  const names = [...(snapshot?.held ?? []), ...(snapshot?.pending ?? [])].map((lock) => lock.name ?? "");
  return new Set(names.filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length)));
}

function locks(): LockManager | undefined {
  return "locks" in navigator ? navigator.locks : undefined;
}
