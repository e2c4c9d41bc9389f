import { isError } from "../model/failure.ts";
import { leave } from "./callbacks.ts";
import { Task, unyielded } from "./task.ts";

const OR_CONVERT = ", or give the runtime or the client a payloadConverter that takes it";

/** `what` is the value, `instead` what to write in its place. Both stand behind "result.receipt is". */
const unlike = (what: string, instead: string) => `${what}, which JSON cannot hold: ${instead}`;

/** Why JSON has no form for a value, or empties it without a word, whether or not it has a `toJSON`. `undefined`: not for this. */
export function refusedAtOnce(value: unknown): string | undefined {
  if (typeof value === "function") return unlike(nameOfFunction(value), "leave it out");
  if (typeof value === "symbol") return unlike("a symbol", "write its description, or leave it out");
  if (typeof value !== "object" || value === null) return undefined;
  if (value instanceof Task) return unyielded(value);
  const tag = tagOf(value);
  if (ArrayBuffer.isView(value) || tag === "ArrayBuffer" || tag === "SharedArrayBuffer") {
    const what = `binary data (${className(value) || tag})`;
    return unlike(what, `write it as text, in base64, or as an array of numbers${OR_CONVERT}`);
  }
  if (value instanceof Promise || tag === "Promise") {
    leave(value);
    return unlike("a Promise", "await it first");
  }
  return undefined;
}

const INSTEAD: Readonly<Record<string, string>> = {
  Map: "write Object.fromEntries(map), or [...map]",
  Set: "write [...set]",
  RegExp: "write its source",
  Headers: "write Object.fromEntries(headers)",
  URLSearchParams: "write String(params)",
  Response: "await its text() or json() first",
  Request: "await its text() or json() first",
  Blob: "await its text() first",
  File: "await its text() first",
  Symbol: "write its description",
  BigInt: "write String(value), and BigInt(text) where it is read",
};
/** They lose what they hold, even if they have fields beside that. */
const HOLDERS: readonly string[] = ["Map", "Set", "RegExp", "WeakMap", "WeakSet", "WeakRef", "Symbol", "BigInt"];
const DEFAULT_INSTEAD = "write its data as a plain object, or give the class a toJSON()";

/** The same of a value that has no `toJSON`, or that its `toJSON` has given. */
export function refused(value: unknown): string | undefined {
  const atOnce = refusedAtOnce(value);
  if (atOnce !== undefined) return atOnce;
  if (typeof value === "bigint") return unlike("a BigInt", `${INSTEAD.BigInt}${OR_CONVERT}`);
  if (typeof value !== "object" || value === null) return undefined;
  if (isError(value)) {
    const what = `an Error (${className(value) || "Error"})`;
    return unlike(what, `write its message, or what else is to be known of it${OR_CONVERT}`);
  }
  const tag = tagOf(value);
  if (HOLDERS.includes(tag)) return unlike(`a ${tag}`, `${INSTEAD[tag] ?? "leave it out"}${OR_CONVERT}`);
  if (Array.isArray(value) || isBoxed(tag) || !isForeign(value) || Object.keys(value).length > 0) return undefined;
  // One that inherits `constructor` from Object's prototype, such as an iterator, has at least its tag.
  const name = className(value).replace(/^Object$/, "") || tag;
  if (name === "Object") return unlike("an object without fields of its own", `${DEFAULT_INSTEAD}${OR_CONVERT}`);
  const instead = INSTEAD[name] ?? INSTEAD[tag] ?? DEFAULT_INSTEAD;
  return unlike(`an object of class ${name} without fields of its own`, `${instead}${OR_CONVERT}`);
}

/** A primitive in an object: JSON has the primitive. */
export function isBoxed(tag: string): boolean {
  return tag === "Number" || tag === "String" || tag === "Boolean";
}

/** `Map`, `Object`, `Uint8Array`: the same for objects of another realm. */
export function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** Neither made by `{}`, here or in another realm, nor without a prototype. */
function isForeign(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return false;
  return Object.getPrototypeOf(prototype) !== null || !Object.hasOwn(prototype, "isPrototypeOf");
}

function className(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === "string" ? name.slice(0, 100) : "";
}

function nameOfFunction({ name }: { readonly name: unknown }): string {
  return typeof name === "string" && name !== "" ? `a function (${name.slice(0, 100)})` : "a function";
}
