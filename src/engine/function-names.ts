import { nameOf } from "./names.ts";

/** What an author calls or starts: by its name, its declaration, or the function itself. */
export type Target = string | { readonly name: string } | ((...args: never[]) => unknown);

/** One function of the registry. */
interface Names {
  /** Those that a call by it stands for. */
  readonly names: string[];
  /** Where it is one version of a workflow, and not the one that a call by the name would begin. */
  readonly versions: string[];
}

/** Under which names functions are registered: two functions may have one name, and one function two. */
export class FunctionNames {
  readonly #kind: "activity" | "workflow";
  readonly #byFunction = new Map<unknown, Names>();
  readonly #taken = new Set<string>();

  constructor(kind: "activity" | "workflow") {
    this.#kind = kind;
  }

  /** A call by the function is a call by this name. */
  add(name: string, fn: unknown): void {
    this.#taken.add(name);
    const { names } = this.#of(fn);
    if (!names.includes(name)) names.push(name);
  }

  /** The function is registered, and a call by the name would run another one; `why` ends the sentence. */
  addVersion(name: string, fn: unknown, why: string): void {
    this.#taken.add(name);
    this.#of(fn).versions.push(why);
  }

  #of(fn: unknown): Names {
    let names = this.#byFunction.get(fn);
    if (names === undefined) {
      names = { names: [], versions: [] };
      this.#byFunction.set(fn, names);
    }
    return names;
  }

  /**
   * The name that the call is recorded with. Throws a TypeError when a function is registered under several and its own is
   * none of them, when it is a version that a call would not run, and when its name is that of another function. One that
   * nobody has registered goes by its name: the call fails, and says so.
   */
  nameOf(target: Target): string {
    if (typeof target !== "function") return nameOf(target);
    const known = this.#byFunction.get(target);
    const own = target.name;
    if (known === undefined) return this.#nameOfStranger(nameOf(target));
    const [first] = known.names;
    if (first !== undefined && known.names.length === 1) return first;
    if (known.names.includes(own)) return own;
    if (first === undefined) throw new TypeError(`The function ${own} is ${known.versions[0]}`);
    throw new TypeError(
      `The function ${own} is registered under several names, ${known.names.map((name) => `'${name}'`).join(" and ")}, ` +
        "and its own is none of them: call it by one of these names",
    );
  }

  #nameOfStranger(name: string): string {
    if (!this.#taken.has(name)) return name;
    throw new TypeError(
      `The ${this.#kind} '${name}' is registered with another function than this one of the same name: register this function, ` +
        "or call it by name or declaration (the way for wrapped functions and spies)",
    );
  }
}
