/** Arguments of the public API that are read before a call reaches the node. */
import { FieldsArgument, TextArgument, checkArgument } from "../node";

/** The fields of an argument, none if it was left out. Throws `bad-request`, which names the method, for anything but an object. */
export function fieldsOf<T extends object>(argument: T | undefined, method: string): Partial<T> {
  if (argument === undefined) return {};
  checkArgument(FieldsArgument, argument, method);
  return argument;
}

/** An argument that has to be a text. Throws `bad-request`, which names the method, otherwise. */
export function textOf(argument: string, method: string): string {
  checkArgument(TextArgument, argument, method);
  return argument;
}
