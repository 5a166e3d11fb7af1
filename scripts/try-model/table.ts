/** The table of certificates in `docs/models.md`. */
import { readFileSync, writeFileSync } from "node:fs";
import { randomDecoder } from "../../src/inference/testing";
import { FAMILIES } from "../../src/inference/testing/families";
import { decoderPackage } from "../../src/inference/testing/node";
import { variantsOf } from "../real-models/index";
import { realParts } from "../real-models/testing";
import { ROOT } from "../run/spawn.mjs";
import { type Candidate, certify, type Trial, TRIALS } from "./certificate";

/** A model of the table. Real weights are read when it is tried. */
export type Row = readonly [name: string, candidate: () => Promise<Candidate>];

/** The model with real weights that every run of the tests has. */
const REAL_MODEL = "smollm2-135m";
/** Columns behind the name. Speed says more about the machine, so the table leaves it out. */
const COLUMNS = TRIALS.filter((trial) => trial !== "speed");
const DOCUMENT = `${ROOT}/docs/models.md`;
/** Tokens of the random models' vocabulary, which is that of the built-in model. */
const VOCABULARY = 2048;
const [START, END] = ["<!-- certificates: npm run try:model -- --table -->", "<!-- end of certificates -->"];

/** Small random models, one for each family that keeps more than keys and values. */
export function families(): readonly Row[] {
  return Object.entries(FAMILIES).map(([name, shape]) => {
    const files = () => randomDecoder({ vocabulary: VOCABULARY, ...shape });
    return [`Random, with ${name}`, () => Promise.resolve({ pkg: decoderPackage(shape), files })];
  });
}

/** All variants of SmolLM2-135M, whose weights must be here when they are tried. */
export function realModels(): readonly Row[] {
  return variantsOf(REAL_MODEL).map(([precision, layout]): Row => {
    const weights = layout === "external" ? "beside the graph" : "inside the graph";
    return [`SmolLM2-135M, ${precision}, weights ${weights}`, () => realParts(REAL_MODEL, precision, layout)];
  });
}

/** Tries a model. Gives the cells of its row: its name, and a verdict for each trial. */
export async function row([name, candidate]: Row, tell: (trial: Trial) => void): Promise<readonly string[]> {
  const verdicts = new Map<string, string>();
  await certify(await candidate(), (trial) => {
    verdicts.set(trial.name, trial.verdict);
    tell(trial);
  });
  return [name, ...COLUMNS.map((trial) => verdicts.get(trial) ?? "–")];
}

/** The rows that the document has. */
export function readTable(): readonly (readonly string[])[] {
  const [, rest = ""] = readFileSync(DOCUMENT, "utf8").split(START);
  const lines = (rest.split(END)[0] ?? "").trim().split("\n").slice(2);
  return lines.map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

/** Writes rows into the document. */
export function writeTable(rows: readonly (readonly string[])[]): void {
  const lines = [["Model", ...COLUMNS], ["---", ...COLUMNS.map(() => "---")], ...rows].map(
    (cells) => `| ${cells.join(" | ")} |`,
  );
  const text = readFileSync(DOCUMENT, "utf8");
  const [before = "", rest = ""] = text.split(START);
  writeFileSync(DOCUMENT, `${before}${START}\n\n${lines.join("\n")}\n\n${END}${rest.split(END)[1] ?? ""}`);
}
