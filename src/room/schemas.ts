/** Schemas that several tables of frames use. */
import * as v from "valibot";
import { MAX_SERVER_CHARS } from "./constants";

/** The URL of a signaling server, in an invite or a charter. */
export const ServerSchema = v.pipe(v.string(), v.maxLength(MAX_SERVER_CHARS), v.url(), v.startsWith("http"));

/** Text of at most `max` characters. */
export const text = (
  max: number,
): v.SchemaWithPipe<readonly [v.StringSchema<undefined>, v.MaxLengthAction<string, number, undefined>]> =>
  v.pipe(v.string(), v.maxLength(max));

/** A whole number from 0 to `max`. */
export const count = (
  max: number,
): v.SchemaWithPipe<
  readonly [
    v.NumberSchema<undefined>,
    v.IntegerAction<number, undefined>,
    v.MinValueAction<number, 0, undefined>,
    v.MaxValueAction<number, number, undefined>,
  ]
> => v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(max));
