/** Start of the page: the frame is painted first, the grid comes to life behind it. */
import { applyTheme, followSystemTheme } from "../ui";
import { startGrid } from "./start";

applyTheme();
followSystemTheme();
const app = document.querySelector("microgrid-app");
if (app) void startGrid(app);
