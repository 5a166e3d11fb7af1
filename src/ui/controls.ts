/** The Web Awesome controls that dialogs and panels use; loaded with the first of these, not with the page. */
import "@awesome.me/webawesome/dist/styles/themes/default.css";
import WaDialog from "@awesome.me/webawesome/dist/components/dialog/dialog.js";
import { registerIconLibrary } from "@awesome.me/webawesome/dist/components/icon/library.js";
import "@awesome.me/webawesome/dist/components/input/input.js";
import "@awesome.me/webawesome/dist/components/option/option.js";
import "@awesome.me/webawesome/dist/components/select/select.js";
import WaSwitch from "@awesome.me/webawesome/dist/components/switch/switch.js";
import "@awesome.me/webawesome/dist/components/textarea/textarea.js";
import { backCloses } from "./back";

// The controls' own icons are built in; without this, any other icon would be fetched from a CDN.
registerIconLibrary("default", { resolver: () => "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>" });

// The hint of a switch belongs to it: pressing the hint does what pressing the label does.
WaSwitch.addInitializer((element) =>
  element.addEventListener("click", (event) => {
    const [pressed] = event.composedPath();
    if (!(element instanceof WaSwitch) || !(pressed instanceof Element)) return;
    if (pressed.part.contains("hint")) element.click();
  }),
);

// Back closes each dialog, except for one that has an address of its own.
WaDialog.addInitializer((dialog) => {
  if (!(dialog instanceof WaDialog)) return;
  dialog.addController({
    hostUpdated: () =>
      backCloses.set(dialog, dialog.open && !("ownAddress" in dialog.dataset) ? () => hide(dialog) : undefined),
    hostDisconnected: () => backCloses.set(dialog, undefined),
  });
});

/** Closes a dialog. Resolves to false if it refuses. */
async function hide(dialog: WaDialog): Promise<boolean> {
  const hiding = new Promise<Event>((resolve) => dialog.addEventListener("wa-hide", resolve, { once: true }));
  dialog.open = false;
  return !(await hiding).defaultPrevented;
}

/** True if the event came from the dialog itself, not from a control inside it. */
export function isOwn(event: Event): boolean {
  return event.target === event.currentTarget;
}
