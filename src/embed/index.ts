/** Entry of the embeddable bundle, `embed/microgrid.js`: one script tag defines `<microgrid-chat>`. */
import { MicrogridChat } from "./chat-element";
import { defineUnit } from "./rem";
import { setSite } from "./site";
import { defineViews } from "./views";

export type { ErrorDetail, MicrogridElementEvents } from "./events";

// This file is in the folder `embed/` of a site. The URL is in a variable, since the bundler takes the pattern for an asset.
const script = import.meta.url;
setSite(new URL("../", script).href);

// If another copy of the script has run before, its element stays, no matter its version.
if (!customElements.get("microgrid-chat")) {
  defineUnit();
  defineViews();
  customElements.define("microgrid-chat", MicrogridChat);
}
