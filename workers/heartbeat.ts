/** Beats every few seconds; the page answers each beat by a sign of life to its signaling server. */
import { SIGNALING_BEAT_MS } from "../src/wire/constants";

setInterval(() => postMessage(undefined), SIGNALING_BEAT_MS);
