/**
 * The grid: Microgrid's API for pages, components and scripts. Start with `Grid.open`; the methods of a grid are described in
 * `contract.ts`, its data types in the `types.ts` of `src/node`, and docs/api.md gives an overview.
 */
export type { ErrorCode } from "../core";
export type {
  Backend,
  ChatMessage,
  GenerationRequest,
  LoadProgress,
  ModelOffer,
  PieceEvent,
  ResumePoint,
  Sampling,
  Usage,
} from "../inference";
export type * from "./contract";
export type {
  ChatCompletions,
  Embeddings,
  MicrogridChunk,
  MicrogridCompletion,
  MicrogridEmbeddingParams,
  MicrogridEmbeddings,
  MicrogridParams,
  ReasoningDelta,
} from "../openai";
export { ConversationStore } from "./conversations";
export type {
  Conversation,
  ConversationSettings,
  ConversationSummary,
  MessageVersion,
  StoredAnswer,
  StoredMessage,
  StoredRoute,
} from "./conversations";
export { MAX_HOUSE_NAME_CHARS, MIN_PASSPHRASE_CHARS } from "../identity";
export { eraseAll } from "./erase";
export { Grid, type GridOptions } from "./grid";
export { answersEnd, answersRun } from "./running";
export { type FamilyMember, type SpeedSample, expectedBackend, expectedRate, familyOf, memberName } from "../models";
export { diskBytes, roomCapacity, spareBytes } from "../node";
export type {
  AdmissionRule,
  AnswerEvent,
  AnswerRequest,
  AnswerSummary,
  CharterOptions,
  CharterState,
  CharterTerms,
  DelegationState,
  GridState,
  HeldStage,
  HouseState,
  InviteInfo,
  InviteOptions,
  Knock,
  LayersWish,
  LeftOut,
  LoadOptions,
  LoadState,
  ModelSpeed,
  Loss,
  MembershipState,
  ModelInfo,
  NetworkSettings,
  Notice,
  PeerState,
  PipelinePlan,
  PipelineState,
  PlanOptions,
  PlannedStage,
  Policy,
  Proposal,
  RoomCapacity,
  RoomPreview,
  RoomState,
  Route,
  ShareOptions,
  StageState,
  VerifiedHouse,
} from "../node";
export {
  INVITE_DAYS,
  MAX_CHARTER_LIST,
  MAX_CHARTER_TEXT_CHARS,
  MAX_FOUNDERS,
  MAX_NAME_CHARS,
  MAX_PEOPLE,
  MAX_SERVERS,
  STANDARD_PEOPLE,
} from "../room";
