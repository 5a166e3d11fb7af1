/** The places of a network, rule by rule. */
import type { ByteRange } from "./utf8-ranges";

/** A place in a rule. */
export class Node {
  readonly index: number;
  readonly end: boolean;
  readonly bytes: { readonly range: ByteRange; readonly next: Node }[] = [];
  /** Rules that may come here, and where it goes on behind them. */
  readonly calls: { readonly rule: RuleNodes; readonly next: Node }[] = [];
  /** Places that are reached from here without a byte. */
  readonly empty: Node[] = [];
  /** Fewest bytes from here to the end of the rule. */
  cost = Number.POSITIVE_INFINITY;

  /** `end` is true at the end of a rule. */
  constructor(index: number, end: boolean) {
    this.index = index;
    this.end = end;
  }

  /** True if the rule ends here, whatever comes. */
  get isLast(): boolean {
    return this.end && this.bytes.length === 0 && this.calls.length === 0 && this.empty.length === 0;
  }
}

/** The nodes of one rule. */
export class RuleNodes {
  readonly name: string;
  start: Node | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** Fewest bytes of the whole rule. */
  get cost(): number {
    return this.start?.cost ?? Number.POSITIVE_INFINITY;
  }
}
