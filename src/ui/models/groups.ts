/** Groups the listed models: those of this device, families of others by usefulness, and those that cannot run here. */
import { type FamilyMember, type GridState, type ModelInfo, familyOf, memberName } from "../../grid";
import { type RatedModel, byUse, samplesOf, usefulness } from "./useful";

/** A size of a family: the variant that is best here, and the others. */
interface SizeGroup {
  readonly name: string;
  readonly best: ModelInfo;
  readonly others: readonly ModelInfo[];
}

/** A family of models that can run here. */
export interface FamilyGroup {
  readonly family: FamilyMember["family"];
  /** Its licence, with sizes that have another one; empty if it depends on the model. */
  readonly licence: string;
  readonly sizes: readonly SizeGroup[];
}

interface ModelGroups {
  /** Models that are loaded, stored or added by the person, as `listed` sorts them. */
  readonly own: readonly ModelInfo[];
  readonly families: readonly FamilyGroup[];
  /** Models that make embeddings. */
  readonly embedders: readonly ModelInfo[];
  /** Models that the table of families does not know. */
  readonly others: readonly ModelInfo[];
  readonly unfit: readonly ModelInfo[];
}

/** A model of a known family. */
interface Member extends RatedModel {
  readonly member: FamilyMember;
}

/** Groups all models. `listed` are the same models, sorted; `isOwn` tells those that belong at the top. */
export function groupModels(
  state: GridState,
  listed: readonly ModelInfo[],
  isOwn: (model: ModelInfo) => boolean,
): ModelGroups {
  const samples = samplesOf(state);
  const rest = listed.filter((model) => !isOwn(model));
  const [embedders, fitting] = partition(
    rest.filter(({ fit }) => fit.fits),
    ({ purpose }) => purpose === "embedding",
  );
  const rated = fitting.map((model) => ({ model, ...usefulness(model, state, samples) })).sort(byUse);
  const members = rated.flatMap((one): Member[] => {
    const member = familyOf(one.model.id);
    return member ? [{ ...one, member }] : [];
  });
  const families = [...new Set(members.map(({ member }) => member.family))];
  const known = new Set(members.map(({ model }) => model));
  return {
    own: listed.filter(isOwn),
    families: families.map((family) =>
      familyGroup(
        family,
        members.filter(({ member }) => member.family === family),
      ),
    ),
    embedders,
    others: fitting.filter((model) => !known.has(model)),
    unfit: rest.filter(({ fit }) => !fit.fits),
  };
}

/** Why models cannot run here, as one sentence, the most frequent reason first. */
export function unfitText(models: readonly ModelInfo[]): string {
  const counts = new Map<string, number>();
  for (const { fit } of models) if (!fit.fits) counts.set(fit.obstacle, (counts.get(fit.obstacle) ?? 0) + 1);
  const reasons = [...counts].sort(([, a], [, b]) => b - a).map(([obstacle, count]) => `${count} ${REASONS[obstacle]}`);
  return `${models.length} models cannot run here: ${reasons.join(", ")}.`;
}

const REASONS: Readonly<Record<string, string>> = {
  "no-gpu": "need a graphics card",
  "gpu-ability": "need another graphics card",
  "too-large": "are too large for the processor",
  memory: "need more memory",
};

function partition<T>(all: readonly T[], fits: (one: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [all.filter(fits), all.filter((one) => !fits(one))];
}

function familyGroup(family: FamilyMember["family"], members: readonly Member[]): FamilyGroup {
  const names = [...new Set(members.map(({ member }) => memberName(member)))];
  return {
    family,
    licence: licenceText(members.map(({ member }) => member)),
    sizes: names.map((name) =>
      sizeGroup(
        name,
        members.filter(({ member }) => memberName(member) === name),
      ),
    ),
  };
}

function sizeGroup(name: string, variants: readonly RatedModel[]): SizeGroup {
  const [best, ...others] = variants.map(({ model }) => model).sort(byVariant);
  if (!best) throw new RangeError(`There is no model named ${name}.`);
  return { name, best, others };
}

/** Full contexts first, then small files, which are read faster. */
function byVariant(a: ModelInfo, b: ModelInfo): number {
  return (
    Number(a.id.endsWith("-1k")) - Number(b.id.endsWith("-1k")) ||
    (a.downloadBytes ?? Infinity) - (b.downloadBytes ?? Infinity) ||
    b.id.localeCompare(a.id)
  );
}

function licenceText(members: readonly FamilyMember[]): string {
  const [first] = members;
  const exceptions = members.filter(({ licence }) => licence?.id !== first?.licence?.id);
  const texts = exceptions.map(({ size, licence }) => `${size}: ${licence?.name ?? "another licence"}`);
  const main = first?.licence?.name ?? "";
  return texts.length === 0 ? main : `${main} (${[...new Set(texts)].join("; ")})`;
}
