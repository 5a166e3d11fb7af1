/**
 * The border: everything that crosses a thread or a tab crosses it here, in one way. `serve` and `connect` make calls with
 * errors, abort signals, callbacks and streams over any endpoint; `WorkerConnection` and `TabBorder` give endpoints.
 */
export { transfer } from "comlink";
export { type Service, asService, connect, release, serve } from "./calls";
export { holdLife, livingWith, lockManager, untilDead, watchLife } from "./life";
export { joining } from "./stream";
export { TabBorder } from "./tabs";
export { NotRead, WatchedWorker } from "./watched";
export { WorkerConnection, serveWorker } from "./worker";
