/** Why an answer ended at a provider before it was complete: one code for each reason, and one sentence for each code. */

/** Every reason, as events and stored answers name it. */
export const LOSSES = [
  "left",
  "you-left",
  "disconnected",
  "unreachable",
  "silent",
  "slow",
  "busy",
  "paused",
  "unloaded",
  "rules",
  "refused",
  "engine",
  "protocol",
  "stage",
  "tab",
  "stopped",
] as const;
export type Loss = (typeof LOSSES)[number];

const CLAUSES: Readonly<Record<Loss, (who: string) => string>> = {
  left: (who) => `${who} left the room`,
  "you-left": () => "you left the room",
  disconnected: (who) => `the connection to ${who} was lost`,
  unreachable: (who) => `${who} could not be reached`,
  silent: (who) => `${who} stopped responding`,
  slow: (who) => `${who} was much slower than expected`,
  busy: (who) => `${who} was busy with other answers`,
  paused: (who) => `${who} stopped sharing`,
  unloaded: (who) => `${who} no longer had the model ready`,
  rules: (who) => `${who} refused because of the room’s rules`,
  refused: (who) => `${who} did not accept the request`,
  engine: (who) => `the model stopped working on ${who}`,
  protocol: (who) => `${who} sent something that is not allowed`,
  stage: () => "one of the devices that ran the model together dropped out",
  tab: () => "your other tab was closed",
  stopped: () => "you had stopped it",
};

/** The reason as a clause for people, without a full stop; `who` is the provider's name within a sentence. */
export function lossText(loss: Loss, who: string): string {
  return CLAUSES[loss](who);
}
