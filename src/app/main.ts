/** Entry point of the page. The frame is painted first; the grid starts behind it. */
import { applyTheme, followSystemTheme } from "../ui";
import { startGrid } from "./start";

applyTheme();
followSystemTheme();
const app = document.querySelector("microgrid-app");
if (app) void startGrid(app);
