/** The parts of the page that the embedded element uses: they define no elements and do not bring the page along. */
import type { MarkdownView } from "./markdown";
import type * as Consent from "./room/consent";
import type * as Preview from "./room/preview";

export { AnswerView } from "./chat/answer-view";
export { Composer } from "./chat/composer";
export { Narration, narrationView } from "./chat/narration";
export { QuestionView } from "./chat/question-view";
export { FollowEnd } from "./follow-end";
export { icon, mark } from "./icons";
export { LoadProgressView } from "./models/load-progress-view";
export { type AnswerStore, Answers, type ModelSearch, type ReadyModel, tooLong } from "./state/answers";
export { newlyLeft } from "./state/requests";
export type { RunningAnswer } from "./state/answer-run";
export { GUIDE, backendName, modelName } from "./state/models";
export { base, buttons, sections } from "./styles/shared";
export { default as tokensCss } from "./styles/tokens.css?raw";

export type { Entrance } from "./charter/entrance";

/** The texts that a person agrees to before entering a room. */
export type ConsentTexts = typeof Consent;

/** The texts about entering a room, loaded when there is one. */
export async function loadConsent(): Promise<ConsentTexts> {
  return import("./room/consent");
}

/** The view of a room from outside, loaded when a person looks inside. */
export async function loadPreview(): Promise<typeof Preview> {
  return import("./room/preview");
}

/** Safe Markdown, loaded with the first answer. */
export async function loadMarkdown(): Promise<{ readonly MarkdownView: typeof MarkdownView }> {
  return import("./markdown");
}
