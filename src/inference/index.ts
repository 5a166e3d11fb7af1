/** Inference as the page uses it: requests, events, engines behind a supervisor. Engines themselves load in the worker. */
export { DEFAULT_SAMPLING } from "./sampling/settings";
export { preferredBackend, probeDevice } from "./device";
export { TYPICAL_ANSWER_TOKENS, estimateWork, wantsVectors } from "./estimate";
export { hiddenFault } from "./onnx/step";
export { expandedBytes } from "./onnx/expand-weights";
export { decoders } from "./decoders";
export { readStateName } from "./onnx/state-names";
export {
  BackendSchema,
  EmbeddingIdsSchema,
  EmbeddingRequestSchema,
  EmbeddingTextSchema,
  EngineNameSchema,
  FinishReasonSchema,
  GenerationRequestSchema,
  MAX_EMBEDDING_INPUTS,
  ModelOfferSchema,
  PrivacySchema,
  ResumePointSchema,
  SamplingSchema,
  TemplateSchema,
  TokenIdSchema,
  TokenLogprobSchema,
  UsageSchema,
} from "./schemas";
export { answersNoChats, makesNoEmbeddings } from "./purpose";
export { localTime } from "./local-time";
export { newestWithin } from "./shortening";
export { EngineSupervisor } from "./supervisor";
export { toolReader } from "./tools";
export type { ToolPart } from "./tools";
export { ANSWERS_AT_ONCE } from "./stages";
export type {
  HiddenSlot,
  HiddenState,
  LayerSample,
  PipelinePackage,
  SampleLayers,
  StageForward,
  StageInfo,
  StageLimits,
  StagePackage,
  StagePart,
  StageService,
} from "./stages";
export type {
  AnswerFormat,
  Backend,
  ChatMessage,
  DeviceInfo,
  Embedded,
  EmbeddingRequest,
  EngineName,
  Estimate,
  FinishReason,
  GenerationEvent,
  GenerateOptions,
  EngineRequest,
  GenerationRequest,
  LayerCheck,
  LoadProgress,
  LoadedModel,
  LoadedModelInfo,
  ModelOffer,
  ModelPackage,
  PackageFile,
  PrivacyClass,
  Provider,
  RequestedSampling,
  ResumePoint,
  Sampling,
  PieceEvent,
  TokenLogprob,
  Usage,
  WorkRequest,
} from "./types";
