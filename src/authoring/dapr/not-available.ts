/** A part of `@dapr/dapr` was used that has no meaning at the edge. The message says what to use in its place. */
export class NotAvailableError extends Error {
  override readonly name = "NotAvailableError";
  constructor(what: string, instead: string) {
    super(`${what} is not available at the edge. ${instead}`);
  }
}

// What stands for classes and objects of any shape has members of any type, so that programs which use them compile.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Any = any;

/** A constructor, generic or not, whose static members can all be named. */
export type UnavailableClass = (new <_T = Any>(...args: Any[]) => Any) & { readonly [member: string]: Any };

/** A class that can be imported and extended, and that throws when it is constructed or a static member is used. */
export function unavailableClass(name: string, instead: string): UnavailableClass {
  const unavailable = class {
    constructor() {
      throw new NotAvailableError(name, instead);
    }
  };
  Object.defineProperty(unavailable, "name", { value: name });
  const get = (target: object, member: string | symbol, receiver: unknown) =>
    isLookedAt(member) || Reflect.has(target, member)
      ? Reflect.get(target, member, receiver)
      : unavailableObject(`${name}.${member}`, instead);
  return new Proxy(unavailable, { get }) as unknown as UnavailableClass;
}

/** An object whose members can all be named, and theirs, and that throws when one is called or constructed. */
export function unavailableObject(name: string, instead: string): Any {
  const fail = () => {
    throw new NotAvailableError(name, instead);
  };
  const get = (_: object, member: string | symbol) =>
    isLookedAt(member) ? undefined : unavailableObject(`${name}.${member}`, instead);
  // A function as target: only that can be called and constructed.
  return new Proxy(function unavailable() {}, { get, apply: fail, construct: fail });
}

/** Whoever awaits, prints or compares an object has not used it yet. */
function isLookedAt(member: string | symbol): member is symbol {
  return typeof member === "symbol" || member === "then" || member === "toJSON";
}
