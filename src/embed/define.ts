/** Registers the elements, once in a page. */
import { MicrogridChat } from "./chat-element";
import { MicrogridNode } from "./node-element";
import { defineUnit } from "./rem";
import { MicrogridRoom } from "./room-element";
import { defineViews } from "./views";

/** Registers the elements and their views. If another copy of the code has run before, its elements stay, no matter its version. */
export function defineElements(): void {
  if (customElements.get("microgrid-chat")) return;
  defineUnit();
  defineViews();
  customElements.define("microgrid-chat", MicrogridChat);
  customElements.define("microgrid-room", MicrogridRoom);
  customElements.define("microgrid-node", MicrogridNode);
}
