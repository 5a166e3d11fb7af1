/** All that reads bytes of strangers, each with inputs that are almost right and the check that it takes no harm. */
import { exchanges } from "./exchanges";
import type { Target } from "./feeding";
import { parsers } from "./parsers";

export const TARGETS: readonly Target[] = [...(await parsers()), ...(await exchanges())];
