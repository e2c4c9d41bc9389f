/**
 * What the database holds cannot be read by this code, or with these keys. Nothing of it is changed: other code, or other
 * keys, can go on with it.
 */
export class UnreadableError extends Error {
  override readonly name: string = "UnreadableError";
}
