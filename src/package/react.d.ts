/** Types of the elements in React's JSX (React 19): `import type {} from "microgrid/react"`. The package needs no React otherwise. */
import type { ClassAttributes, HTMLAttributes } from "react";
import type { MicrogridChat, MicrogridElementEvents, MicrogridNode, MicrogridRoom } from "./elements.js";

type Listeners = { [K in keyof MicrogridElementEvents as `on${K}`]?: (event: MicrogridElementEvents[K]) => void };
type Props<E extends HTMLElement, Names extends keyof E> = Omit<HTMLAttributes<E>, Names> &
  ClassAttributes<E> &
  Partial<Pick<E, Names>> &
  Listeners;

declare module "react" {
  // eslint-disable-next-line no-restricted-syntax -- React keeps the elements of JSX in a namespace.
  namespace JSX {
    interface IntrinsicElements {
      "microgrid-chat": Props<
        MicrogridChat,
        "model" | "room" | "policy" | "placeholder" | "theme" | "system" | "greeting" | "suggestions" | "temperature"
      >;
      "microgrid-room": Props<MicrogridRoom, "model" | "room" | "openable" | "theme">;
      "microgrid-node": Props<MicrogridNode, "model" | "room" | "theme">;
    }
  }
}
