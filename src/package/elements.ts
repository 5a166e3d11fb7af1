/** Entry `microgrid/elements` of the npm package: importing it registers the elements. */
import { defineElements } from "../embed/parts";

export { MicrogridChat, MicrogridNode, MicrogridRoom, shareGrid } from "../embed/parts";
export type { MicrogridElementEvents, NodeState } from "../embed/parts";

defineElements();
