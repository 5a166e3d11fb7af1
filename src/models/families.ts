/** Well-known families of models: a sentence about each, its licence, its languages, and what it is good at. */
import * as v from "valibot";
import rows from "./families.json";

/** The licences of the families, by the ids that model hubs use. */
const LICENCES = {
  "apache-2.0": "Apache 2.0",
  mit: "MIT",
  gemma: "Gemma Terms of Use",
  llama2: "Llama 2 Community License",
  llama3: "Llama 3 Community License",
  "llama3.1": "Llama 3.1 Community License",
  "llama3.2": "Llama 3.2 Community License",
  "qwen-research": "Qwen Research License, not for commercial use",
} as const;

/** A licence as people know it, by the id that hubs use; the id itself if it is not well known. */
export function licenceName(id: string): string {
  return Object.entries<string>(LICENCES).find(([known]) => known === id)?.[1] ?? id;
}

const licenceId = v.picklist(Object.keys(LICENCES) as (keyof typeof LICENCES)[]);

/** Facts about a family, as its makers state them. */
interface ModelFamily {
  readonly name: string;
  readonly sentence: string;
  readonly languages: string;
  readonly goodAt: string;
  /**
   * How useful its answers are compared with those of other families at the same size; only for comparison. Absent for
   * families that are made for one purpose or have been overtaken: they are listed, and never recommended.
   */
  readonly strength?: number;
  /** True if it writes down long thoughts before it answers, so that an answer takes several times as long. */
  readonly thinks?: true;
}

const schema = v.array(
  v.object({
    /** Part of the ids of its models, as a regular expression. The first row that matches an id counts. */
    ids: v.pipe(
      v.string(),
      v.transform((source) => new RegExp(source, "i")),
    ),
    name: v.string(),
    sentence: v.string(),
    licence: v.optional(licenceId),
    /** Sizes with another licence. */
    otherLicences: v.optional(v.record(v.string(), licenceId), {}),
    languages: v.string(),
    goodAt: v.string(),
    strength: v.exactOptional(v.number()),
    thinks: v.exactOptional(v.literal(true)),
    /** Billions of parameters, if the ids do not contain them. */
    billions: v.optional(v.number()),
  }),
);

const ROWS = v.parse(schema, rows);

/** A model as a member of its family. */
export interface FamilyMember {
  readonly family: ModelFamily;
  /** The number of parameters as people write it, such as “1.7B”; empty if the id does not contain it. */
  readonly size: string;
  /** The licence as people know it, and its id on model hubs; undefined if it depends on what the model is based on. */
  readonly licence: { readonly id: string; readonly name: string } | undefined;
  /** Parameters; undefined if nothing tells their number. */
  readonly parameters: number | undefined;
}

/** The family of the model with this id. Undefined for models that the table does not know. */
export function familyOf(id: string): FamilyMember | undefined {
  const row = ROWS.find(({ ids }) => ids.test(id));
  if (!row) return undefined;
  const size = sizeIn(id);
  const licence = row.otherLicences[size] ?? row.licence;
  return {
    family: row,
    size: row.billions === undefined ? size : "",
    licence: licence && { id: licence, name: LICENCES[licence] },
    parameters: row.billions === undefined ? countOf(size) : row.billions * 1e9,
  };
}

/** “Qwen3 0.6B”: the family and the size. All variants of the same model have the same name. */
export function memberName({ family, size }: FamilyMember): string {
  return size === "" ? family.name : `${family.name} ${size}`;
}

/** `1.7B` in `SmolLM2-1.7B-Instruct`; empty if there is none. */
function sizeIn(id: string): string {
  const [, number = "", unit = ""] = /[-_](\d+(?:[._]\d+)?)([bm])(?=-|$)/i.exec(id) ?? [];
  return number === "" ? "" : `${number.replace("_", ".")}${unit.toUpperCase()}`;
}

function countOf(size: string): number | undefined {
  if (size === "") return undefined;
  return Number.parseFloat(size) * (size.endsWith("M") ? 1e6 : 1e9);
}
