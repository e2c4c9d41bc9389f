/*
 * Search attributes: what an author or a caller gives an instance so that it is found. A key needs no registration. They are never
 * encrypted, and no payload.
 */

export type SearchAttributes = Readonly<Record<string, SearchAttribute>>;
export type SearchAttribute = string | number | boolean | readonly string[];

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

/** As it stands in a URL: JSON of a text, a number, true or false; everything else is the text itself. */
export function attributeFrom(text: string): string | number | boolean {
  if (!/^("|-?\d|true$|false$)/.test(text)) return text;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" || typeof value === "boolean" || Number.isFinite(value) ? (value as string) : text;
  } catch {
    return text;
  }
}
