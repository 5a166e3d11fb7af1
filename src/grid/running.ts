/** Says whether answers are written for any page of this origin, so that nothing ends them without need. */
import { holdLife, livingWith, untilDead } from "../border";
import { randomId } from "../core";

const PREFIX = "microgrid/running/";

/** Marks an answer as running until the result is called or this page dies. */
export function holdRunning(): () => void {
  const held = holdLife(PREFIX + randomId());
  return () => void held.then((release) => release());
}

/** True while answers run. Use it before something that would end them, such as a reload of all tabs. */
export async function answersRun(): Promise<boolean> {
  return (await livingWith(PREFIX)).length > 0;
}

/** Resolves when no answer runs any more, also none that began meanwhile. Rejects with the signal's reason. */
export async function answersEnd(signal: AbortSignal): Promise<void> {
  for (let [name] = await livingWith(PREFIX); name !== undefined; [name] = await livingWith(PREFIX)) {
    await untilDead(name, signal);
  }
}
