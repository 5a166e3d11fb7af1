/** Text and tokens: chat templates, encoding, and the streaming text of an answer. */
export { AnswerText } from "./answer-text";
export { resumption } from "./resume";
export { type ExpectedPart, NO_THOUGHTS, type ThoughtReader } from "./thoughts";
export { ChatTokenizer } from "./tokenizer";
