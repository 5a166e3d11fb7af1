/** Requests, events and the engines that run models. */
export type * from "./types";
