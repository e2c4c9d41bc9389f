/** A part of `@dapr/dapr` was used that has no meaning at the edge. The message says what to use in its place. */
export class NotAvailableError extends Error {
  override readonly name = "NotAvailableError";
  constructor(what: string, instead: string) {
    super(`${what} is not available at the edge. ${instead}`);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: stands for classes of any shape
type AnyClass = new (...args: any[]) => any;

/** A class that can be imported and extended, and that throws when it is constructed. */
export function unavailableClass(name: string, instead: string): AnyClass {
  const unavailable = class {
    constructor() {
      throw new NotAvailableError(name, instead);
    }
  };
  Object.defineProperty(unavailable, "name", { value: name });
  return unavailable;
}

/** An object whose members can all be named, and throw when they are called. */
// biome-ignore lint/suspicious/noExplicitAny: stands for objects of any shape
export function unavailableObject(name: string, instead: string): any {
  const get = (_: object, member: string | symbol) => {
    // Whoever awaits or prints the object has not used it yet.
    if (typeof member === "symbol" || member === "then" || member === "toJSON") return undefined;
    return () => {
      throw new NotAvailableError(`${name}.${member}`, instead);
    };
  };
  return new Proxy({}, { get });
}
