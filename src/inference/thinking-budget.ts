/** Ends a thought that would leave no room for the answer. */

/** The share of an answer's tokens that may be thoughts. */
const MAX_SHARE = 3 / 4;

/** Decides by position alone, so that whoever continues an answer ends its thought at the same place. */
export class ThinkingBudget {
  readonly #limit: number;
  readonly #ending: readonly number[];
  #from: number | undefined;

  /**
   * `room` is the number of tokens of the whole answer; `ending` are those that make the model stop thinking, behind which
   * `reserved` tokens are needed.
   */
  constructor(room: number, ending: readonly number[], reserved = 0) {
    this.#limit = Math.min(Math.floor(room * MAX_SHARE), room - reserved - ending.length);
    this.#ending = ending;
  }

  /**
   * The token that has to be at a position of the answer, if any. `thinking` is true if a thought goes on before it. Call it
   * for each position in turn.
   */
  token(position: number, thinking: boolean): number | undefined {
    if (thinking && position >= this.#limit) this.#from ??= position;
    return this.#from === undefined ? undefined : this.#ending[position - this.#from];
  }
}
