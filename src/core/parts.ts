/** The part of the basics that brings a library along, and that the first paint does not need. */
export { type DatabaseStep, dataNewer, isDataNewer, openSteps } from "./database";
