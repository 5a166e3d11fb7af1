/** Reads the inputs of a request as tokens, and refuses those that a model cannot read. */
import { MicrogridError } from "../../core";
import type { ChatTokenizer } from "../tokenizer";
import type { EmbeddingRequest } from "../types";

/** Characters of a text that an error quotes. */
const QUOTED_CHARS = 40;

/** The reader of the inputs. */
interface Reader {
  readonly tokenizer: Pick<ChatTokenizer, "encodeText" | "size">;
  /** Name of the model. */
  readonly name: string;
  /** Most tokens of an input. */
  readonly window: number;
}

/** The ids of each input. Throws `context-exceeded` for one that is too long, `bad-request` for ids that the model does not have. */
export function inputIds(inputs: EmbeddingRequest["inputs"], reader: Reader): (readonly number[])[] {
  const { tokenizer, name, window } = reader;
  return inputs.map((input) => {
    const ids = typeof input === "string" ? tokenizer.encodeText(input) : input;
    if (typeof input !== "string") checkIds(input, reader);
    if (ids.length > window) {
      throw new MicrogridError(
        "context-exceeded",
        `The input ${quoted(input)} has ${ids.length} tokens, and ${name} reads at most ${window}. Divide it into shorter texts.`,
        { field: "inputs" },
      );
    }
    if (ids.length > 0) return ids;
    throw new MicrogridError("bad-request", `The input ${quoted(input)} has no tokens for ${name}. Leave it out.`, {
      field: "inputs",
    });
  });
}

function checkIds(ids: readonly number[], { tokenizer, name }: Reader): void {
  const strange = ids.find((id) => id >= tokenizer.size);
  if (strange === undefined) return;
  throw new MicrogridError(
    "bad-request",
    `The input contains the token ${strange}, but ${name} has only ${tokenizer.size} tokens. Ids have to be those of its own tokenizer; send texts instead.`,
    { field: "inputs" },
  );
}

function quoted(input: EmbeddingRequest["inputs"][number]): string {
  if (typeof input !== "string") return "of token ids";
  return `“${input.length > QUOTED_CHARS ? `${input.slice(0, QUOTED_CHARS)}…` : input}”`;
}
