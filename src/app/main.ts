/** Start of the page: the frame is painted first, the grid comes to life behind it. */
import "../ui/styles/tokens.css";
import { applyTheme, followSystemTheme } from "../ui/state/preferences";
import "../ui/app/microgrid-app";
import { startGrid } from "./start";

applyTheme();
followSystemTheme();
const app = document.querySelector("microgrid-app");
if (app) void startGrid(app);
