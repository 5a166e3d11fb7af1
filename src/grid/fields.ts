/** Arguments of the public API that have to be objects. */
import { MicrogridError } from "../core";

/** The fields of an argument, none if it was left out. Throws `bad-request`, which names the method, for anything but an object. */
export function fieldsOf<T extends object>(argument: T | undefined, method: string): Partial<T> {
  if (argument === undefined) return {};
  if (typeof argument === "object" && (argument as T | null) !== null) return argument;
  throw new MicrogridError("bad-request", `${method} takes an object with fields, but got a ${typeof argument}.`);
}

/** An argument that has to be a text. Throws `bad-request`, which names the method, otherwise. */
export function textOf(argument: string, method: string): string {
  if (typeof argument === "string") return argument;
  throw new MicrogridError("bad-request", `${method} takes a text, but got a ${typeof argument}.`);
}
