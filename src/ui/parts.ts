/** The parts of the page that the embedded elements use: they define no elements at once and do not bring the page along. */
import type { MarkdownView } from "./markdown";
import type * as Preview from "./room/preview";
import type * as Texts from "./room/texts";

export { AnswerView } from "./chat/answer-view";
export { Composer } from "./chat/composer";
export { Narration, narrationView } from "./chat/narration";
export { QuestionView } from "./chat/question-view";
export { fitStyles } from "./element";
export { FollowEnd } from "./follow-end";
export { icon, mark, plusIcon } from "./icons";
export { LoadProgressView } from "./models/load-progress-view";
export { type AnswerStore, Answers, type ModelSearch, type ReadyModel, tooLong } from "./state/answers";
export { newlyLeft } from "./state/requests";
export type { RunningAnswer } from "./state/answer-run";
export { GUIDE, backendName, modelName } from "./state/models";
export { base, buttons, sections } from "./styles/shared";
export { default as tokensCss } from "./styles/tokens.css?raw";

export type { Entrance } from "./charter/entrance";

/** The texts about a room, with those that a person agrees to before entering it. */
export type RoomTexts = typeof Texts;

/** The texts about a room, loaded when there is one. */
export async function loadRoomTexts(): Promise<RoomTexts> {
  return import("./room/texts");
}

/** Registers `<mg-room-view>`, the room from inside. */
export async function loadRoomView(): Promise<unknown> {
  return import("./room/room-view");
}

/** Registers `<mg-room-opening>`, the form that opens a room. */
export async function loadRoomOpening(): Promise<unknown> {
  return import("./room/room-opening");
}

/** The view of a room from outside, loaded when a person looks inside. */
export async function loadPreview(): Promise<typeof Preview> {
  return import("./room/preview");
}

/** Safe Markdown, loaded with the first answer. */
export async function loadMarkdown(): Promise<{ readonly MarkdownView: typeof MarkdownView }> {
  return import("./markdown");
}
