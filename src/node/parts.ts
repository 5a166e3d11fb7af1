/** The parts of the node that the page needs before the node itself is loaded. */
export { Delivered } from "./routing/delivered";
export { lossText } from "./routing/losses";
