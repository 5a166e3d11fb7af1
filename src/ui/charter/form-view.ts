/** The view of a charter draft that the parts of its form share. */
import type { nothing, TemplateResult } from "lit";
import type { ModelInfo } from "../../grid";
import type { CharterDraft } from "./draft";

/** The beginning of every ID. */
export const ID_EXAMPLE = "did:key:z6Mk…";

/** How a field of the form is shown and changed. */
export interface FormView {
  readonly draft: CharterDraft;
  readonly models: readonly ModelInfo[];
  set(change: Partial<CharterDraft>): void;
  /** The error of a field, to show below it. */
  error(field: keyof CharterDraft): TemplateResult | typeof nothing;
}
