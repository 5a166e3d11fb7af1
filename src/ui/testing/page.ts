/**
 * The development page: the real UI over a fake grid. Options in the address: `?room&loading&stuck&notices&fail&offline`, and for
 * rooms `&house&knock&looking&knocking&guest&proposal&hostile&nobody&closed&refused&kept`. For
 * pipelines: `&wanted&holding&formed&repairing&many&leave-fails&asking&plan-fails&forming&form-fails`.
 */
import "../app/microgrid-app";
import "../app/toasts";
import { applyTheme } from "../state/preferences";
import { Workspace } from "../state/workspace";
import { FakeGrid } from "./fake-grid";

applyTheme();
const query = new URLSearchParams(location.search);
const grid = await FakeGrid.open({
  room: query.has("room"),
  loading: query.has("loading"),
  notices: query.has("notices"),
  fail: query.has("fail"),
  house: query.has("house"),
});
const app = document.querySelector("microgrid-app");
if (app) app.workspace = new Workspace(grid);
