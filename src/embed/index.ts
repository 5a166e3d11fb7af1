/** Entry of the embeddable bundle, `embed/microgrid.js`: one script tag defines the elements. */
import { defineElements } from "./define";
import { setSite } from "./site";

export type { ErrorDetail, MicrogridElementEvents } from "./events";

// This file is in the folder `embed/` of a site. The URL is in a variable, since the bundler takes the pattern for an asset.
const script = import.meta.url;
setSite(new URL("../", script).href);
defineElements();
