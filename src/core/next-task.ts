/** Waiting for the next task of this thread's event loop. */

/**
 * Resolves in a later task, behind the messages that wait already. Use it to let messages in between pieces of work, or to gather what one
 * task brings. A timer would wait 4 ms, and far longer in a page in the background.
 */
export function nextTask(): Promise<undefined> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve(undefined);
    };
    port2.postMessage(undefined);
  });
}
