/** The models that can be used here: where their files come from, and where they are stored. */
export { clearLoading, crashedLoad, markLoading } from "./crash-marker";
export { type FamilyMember, familyOf, memberName } from "./families";
export { CopyDeleted } from "./failed-load";
export { ModelLibrary } from "./library";
export type { ModelParts } from "./model-parts";
export { otherFiles } from "./model-parts";
export { ProgressMeter } from "./progress";
export { SharedWork } from "./shared-work";
export { isHubName } from "./sources";
export { expectedBackend } from "./info";
export { type SpeedSample, expectedRate } from "./speed";
export type * from "./types";
export { variantName } from "./variant-choice";
