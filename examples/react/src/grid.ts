import { Grid } from "microgrid";
import { shareGrid } from "microgrid/elements";
import type {} from "microgrid/react";

/** The grid of this page, which its elements use too. */
export const opening = Grid.open();
shareGrid(() => opening);
