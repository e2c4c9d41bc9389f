import { shown } from "../model/options.ts";

/** The name that a function is registered and called by. Throws for lambdas without one. */
export function functionName(fn: unknown): string {
  if (typeof fn !== "function") {
    throw new Error("Cannot infer a name from a null or undefined function. Please provide a name explicitly.");
  }
  if (!fn.name) throw new Error("Cannot infer a name from a lambda function. Please provide a name explicitly.");
  return fn.name;
}

/** The name of a workflow, activity, event, query or update given by itself, by its declaration, or by its name. */
export function givenName(target: string | { readonly name: string } | ((...args: never[]) => unknown)): string {
  if (typeof target === "string") return target;
  return typeof target === "object" && target !== null ? target.name : functionName(target);
}

/** A row holds 2 MB, and a name lies in one whole. */
const MAX_NAME_LENGTH = 16_384;

/** The same where it goes into a history. Throws a TypeError unless it has 1 to 16,384 characters, and no half of a pair of surrogates. */
export function nameOf(target: Parameters<typeof givenName>[0], what = "A name"): string {
  const name: unknown = isNameless(target) ? target : givenName(target);
  if (typeof name === "string" && name !== "" && name.length <= MAX_NAME_LENGTH && name.isWellFormed()) return name;
  const found = typeof name === "string" && name !== "" ? `one of ${name.length}` : shown(name ?? target);
  throw new TypeError(`${what} is a string of 1 to ${MAX_NAME_LENGTH} whole characters, found ${found}`);
}

/** Nothing that Dapr's text about functions would explain. */
function isNameless(target: unknown): boolean {
  return target !== undefined && target !== null && !["string", "object", "function"].includes(typeof target);
}
