/** The name of the built-in model, as the page shows it. */
import embedded from "../../src/models/embedded.json" with { type: "json" };

export const GUIDE_NAME = embedded.name;
