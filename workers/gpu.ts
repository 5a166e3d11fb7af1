/** Entry of the GPU worker: engines live here, away from the page's thread. */
import { expose } from "comlink";
import { EngineHost } from "../src/inference/host";

expose(new EngineHost());
