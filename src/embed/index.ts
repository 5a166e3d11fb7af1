/** Entry of the embeddable bundle, `embed/microgrid.js`: one script tag defines `<microgrid-chat>`. */
import { MicrogridChat } from "./chat-element";
import { setSite } from "./site";

export { MicrogridChat } from "./chat-element";
export type {
  DoneDetail,
  ErrorDetail,
  MicrogridElementEvents,
  PeerChangeDetail,
  ProgressDetail,
  ReadyDetail,
  TokenDetail,
} from "./events";

// This file lies in `embed/` of a site. Kept in a variable, since the bundler takes the pattern for an asset.
const script = import.meta.url;
setSite(new URL("../", script).href);

// A second copy of the script, of whatever version, leaves the first one's element alone.
if (!customElements.get("microgrid-chat")) customElements.define("microgrid-chat", MicrogridChat);
