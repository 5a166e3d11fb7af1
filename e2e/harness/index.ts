/** Everything that browser tests are written with; `e2e/README.md` shows how. */
export { isAccessible } from "./axe";
export { expect } from "@playwright/test";
export { test } from "./fixtures";
export type { OpenOptions, OpenSite } from "./fixtures";
export type { Expected } from "./problems";
export {
  answerReaches,
  ask,
  expectLoss,
  expectPeers,
  finishedAnswer,
  gridReady,
  introduceByHand,
  joinRoom,
  layersRoom,
  loadModel,
  lossesOf,
  openRoom,
  roomOf,
  routesOf,
  startAnswer,
  stateOf,
  visitor,
  visitorWithModel,
  withoutModel,
} from "./grid";
export type { Question, Received } from "./grid";
export { controlledSite, post } from "./http-api";
export type { SiteConfig, WebServer } from "./servers";
export type { Signaling } from "./signaling";
export { shot } from "./shot";
export type { SitePage } from "./site-page";
export { slowEngine } from "./slow-engine";
export { QUESTION, STORY } from "./story";
export type { NetworkPath, TurnNetwork } from "./turn";
export type { Conditions } from "./udp-relay";
export { makeJapanesePdf, makeLockedPdf, makePdf } from "./pdf";
