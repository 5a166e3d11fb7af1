/** Parts that are loaded when an answer first needs them. */
import { LazyPart } from "../lazy-part";

/** Draws math, in the page. */
export const typesetting = new LazyPart(() => import("./typeset"));
/** Colours code, in the worker. */
export const colouring = new LazyPart(() => import("./colours"));
