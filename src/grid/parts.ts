/** The parts of the grid that the page needs before the grid itself is loaded. */
export { Delivered } from "../node/parts";
