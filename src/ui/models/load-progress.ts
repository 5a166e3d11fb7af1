/** Registers the page's `<mg-load-progress>`. */
import { LoadProgressView } from "./load-progress-view";

customElements.define("mg-load-progress", LoadProgressView);
