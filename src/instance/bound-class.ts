import type { Namespace } from "./namespace.ts";

/*
 * The classes of Durable Objects as a Worker's configuration has them: whether they are bound, and what to write where they are not.
 */

export interface BoundClass {
  readonly binding: string;
  readonly name: string;
  /** Of the migration that makes it. */
  readonly tag: string;
}

/** `undefined` where it is not bound. */
export function namespaceIn<Stub>(env: object, { binding }: BoundClass): Namespace<Stub> | undefined {
  const value: unknown = Reflect.get(env, binding);
  return isNamespace<Stub>(value) ? value : undefined;
}

/** A service binding has a method of every name that it is asked for. */
export function isNamespace<Stub>(value: unknown): value is Namespace<Stub> {
  if (typeof value !== "object" || value === null || value.constructor?.name === "Fetcher") return false;
  return typeof Reflect.get(value, "getByName") === "function";
}

/** What makes something of the bindings of a Worker makes it once. */
export function onceFor<T>(make: (env: object) => T): (env: object) => T {
  let made: { readonly env: object; readonly value: T } | undefined;
  return (env) => {
    if (made?.env !== env) made = { env, value: make(env) };
    return made.value;
  };
}

export function migrationLines({ name, tag }: BoundClass): string {
  return `\n\n[[migrations]]\ntag = "${tag}"\nnew_sqlite_classes = ["${name}"]`;
}

export function wranglerLines(bound: BoundClass): string {
  const { binding, name } = bound;
  return `\n\n[[durable_objects.bindings]]\nname = "${binding}"\nclass_name = "${name}"${migrationLines(bound)}`;
}

/** The end of a text that says that it is missing. */
export function howToAdd(bound: BoundClass): string {
  const { name } = bound;
  return `Add to the Worker's module, where worker is what createWorker has made:\n\nexport class ${name} extends worker.${name} {}\n\nand to wrangler.toml:${wranglerLines(bound)}`;
}
