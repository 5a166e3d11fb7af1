/** Entry `microgrid/elements` of the npm package: importing it registers the elements. */
import { defineElements } from "../embed/parts";

export { MicrogridChat, shareGrid } from "../embed/parts";
export type { MicrogridElementEvents } from "../embed/parts";

defineElements();
