/** A type for values that nobody changes. */

/** `T` with all its fields and arrays read only. Use it for the type of a schema, whose own output is mutable. */
export type DeepReadonly<T> = T extends string | number | boolean | Uint8Array
  ? T
  : { readonly [Key in keyof T]: DeepReadonly<T[Key]> };
