/** Text and tokens: chat templates, encoding, and the streaming text of an answer. */
export { AnswerText } from "./answer-text";
export type { AnswerPiece } from "./answer-text";
export { StreamDetokenizer } from "./detokenizer";
export type { TextPiece } from "./detokenizer";
export { resumption } from "./resume";
export type { Resumption } from "./resume";
export { ChatTokenizer } from "./tokenizer";
export type { TokenizerFiles } from "./tokenizer";
