import { type OptionRule, shown, typeRule } from "./options.ts";

/*
 * Search attributes: what an author or a caller gives an instance so that it is found. A key needs no registration. They are never
 * encrypted, and no payload.
 */

export type SearchAttributes = Readonly<Record<string, SearchAttribute>>;
export type SearchAttribute = string | number | boolean | readonly string[];

/** What changes some of them: `null` takes one away. */
export type AttributeChanges = Readonly<Record<string, SearchAttribute | null | undefined>>;

export const NO_ATTRIBUTES: SearchAttributes = Object.freeze({});

export const MAX_ATTRIBUTES = 20;
/** Of all of them as JSON, in UTF-8. */
export const MAX_ATTRIBUTES_BYTES = 2_048;
const MAX_KEY_LENGTH = 64;

/** Why these cannot be the attributes of an instance, or `undefined`. */
export function attributesProblem(attributes: SearchAttributes | undefined): string | undefined {
  if (attributes === undefined) return undefined;
  const keys = Object.keys(attributes);
  if (keys.length > MAX_ATTRIBUTES)
    return `search attributes: expected at most ${MAX_ATTRIBUTES} keys, found ${keys.length}`;
  for (const key of keys) {
    const problem = keyProblem(key) ?? valueProblem(attributes[key]);
    if (problem !== undefined) return `search attribute ${JSON.stringify(key.slice(0, MAX_KEY_LENGTH))}: ${problem}`;
  }
  const bytes = new TextEncoder().encode(JSON.stringify(attributes)).byteLength;
  return bytes > MAX_ATTRIBUTES_BYTES
    ? `search attributes: expected at most ${MAX_ATTRIBUTES_BYTES} bytes as JSON, found ${bytes}`
    : undefined;
}

/** Quotes and backslashes have a meaning in the path by which SQLite finds a key. */
export function keyProblem(key: string): string | undefined {
  return key.length <= MAX_KEY_LENGTH && /^[^"\\\p{Cc}\p{Cs}]+$/u.test(key)
    ? undefined
    : `expected a key of 1 to ${MAX_KEY_LENGTH} characters without quotes, backslashes and control characters`;
}

function valueProblem(value: unknown): string | undefined {
  const isScalar = typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
  if (isScalar || (Array.isArray(value) && value.every((item) => typeof item === "string"))) return undefined;
  return `expected a text, a number, true, false or an array of texts, found ${kindOf(value)}`;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array of other values";
  return typeof value === "number" ? String(value) : typeof value === "object" ? "an object" : typeof value;
}

/**
 * As it stands in a URL: JSON of a text, a number, true or false; everything else is the text itself. So is a number that would not be
 * the same as a number.
 */
export function attributeFrom(text: string): string | number | boolean {
  if (!/^("|-?\d|true$|false$)/.test(text)) return text;
  const value = parsed(text);
  const isExact = typeof value !== "number" || Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  return value !== undefined && isExact ? (value as string) : text;
}

/** The same at a start, where JSON of an array of texts is one of them, and no other JSON a text. */
export function newAttributeFrom(text: string): unknown {
  return /^([[{]|null$)/.test(text) ? (parsed(text) ?? (text === "null" ? null : text)) : attributeFrom(text);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Those that are given, at a start or for a child. */
export const someAttributes: OptionRule = typeRule(
  `an object of at most ${MAX_ATTRIBUTES} search attributes, each a text, a number, true, false or an array of texts, and ${MAX_ATTRIBUTES_BYTES} bytes as JSON`,
  (given) => isPlain(given) && attributesProblem(present(given as AttributeChanges)) === undefined,
);

/** What is `undefined` is not there. */
function present(given: AttributeChanges): SearchAttributes {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as SearchAttributes;
}

/** Throws a TypeError for what cannot be the attributes of an instance; `call` stands in it. */
export function mergeAttributes(
  before: SearchAttributes | undefined,
  changes: AttributeChanges,
  call: string,
): SearchAttributes {
  if (!isPlain(changes))
    throw new TypeError(`${call}: expected an object of search attributes, found ${shown(changes)}`);
  const merged = new Map(Object.entries(before ?? {}));
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) merged.delete(key);
    else if (value !== undefined) merged.set(key, value);
  }
  const attributes = Object.fromEntries(merged);
  const problem = attributesProblem(attributes);
  if (problem !== undefined) throw new TypeError(`${call}: ${problem}`);
  return ownAttributes(attributes);
}

/** What a Map or a promise has in it are no attributes. */
function isPlain(given: unknown): boolean {
  if (typeof given !== "object" || given === null) return false;
  const above = Object.getPrototypeOf(given);
  return above === null || (Object.getPrototypeOf(above) === null && !Array.isArray(given));
}

/** Those of options, which have been read. */
export function givenAttributes(given: SearchAttributes | undefined): SearchAttributes | undefined {
  return given && ownAttributes(present(given));
}

/** A copy that nobody changes, as JSON gives it back. */
export function ownAttributes(attributes: SearchAttributes): SearchAttributes {
  return JSON.parse(JSON.stringify(attributes), (_key, value) =>
    typeof value === "string" ? value.toWellFormed() : Object.freeze(value),
  );
}

export function sameAttributes(a: SearchAttributes | undefined, b: SearchAttributes | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && JSON.stringify(a) === JSON.stringify(b));
}
