/** Text and tokens: chat templates, encoding, and the streaming text of an answer. */
export { AnswerText } from "./answer-text";
export { resumption } from "./resume";
export type { ExpectedPart } from "./thoughts";
export { ChatTokenizer } from "./tokenizer";
