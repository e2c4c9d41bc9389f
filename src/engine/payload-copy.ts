import { describeFailure } from "../model/failure.ts";
import { type PayloadPlace, pathOf, payloadError } from "./payload-error.ts";
import { isBoxed, refused, refusedAtOnce, tagOf } from "./payload-refusals.ts";

/** What is nested deeper is a `toJSON` that never ends. */
const MAX_LEVELS = 100_000;

/** An object or array of the payload, while what is in it is copied. */
interface Level {
  readonly source: object;
  /** `undefined` for an array. */
  readonly keys: readonly string[] | undefined;
  readonly length: number;
  readonly target: object;
  /** Under which it lies in the level above. */
  readonly key: string | number;
  next: number;
}

/**
 * What JSON makes of a value, as plain data, with each getter and each `toJSON` called once. Throws a TypeError, not to be retried, with the path
 * where there is something that JSON cannot hold. Without recursion: how deep a payload is nested is for JSON.stringify to say.
 */
export function plainCopy(value: unknown, place: PayloadPlace): unknown {
  return new Copy(place).of(value);
}

class Copy {
  readonly #place: PayloadPlace;
  readonly #levels: Level[] = [];
  readonly #within = new Set<object>();

  constructor(place: PayloadPlace) {
    this.#place = place;
  }

  of(root: unknown): unknown {
    const copy = this.#admit(root, "", []);
    for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
      if (level.next === level.length) {
        this.#levels.pop();
        this.#within.delete(level.source);
        continue;
      }
      const n = level.next++;
      const key = level.keys === undefined ? n : (level.keys[n] ?? "");
      const value = this.#read(() => Reflect.get(level.source, key), [key]);
      put(level.target, key, this.#admit(value, key, [key]));
    }
    return copy;
  }

  /** The copy of one value; of an object or array an empty one, which is filled from then on. */
  #admit(given: unknown, key: string | number, path: readonly (string | number)[]): unknown {
    this.#refuse(refusedAtOnce, given, path);
    const value = this.#read(() => replaced(given, key), path);
    this.#refuse(refused, value, path);
    if (typeof value !== "object" || value === null || isRawJson(value)) return value;
    const tag = this.#read(() => tagOf(value), path);
    if (isBoxed(tag)) return this.#read(() => (tag === "String" ? String(value) : value.valueOf()), path);
    if (this.#within.has(value))
      throw payloadError(
        this.#place,
        `${this.#path(path)} leads back, in a circle, to what it is within, which JSON cannot hold: write an ID in its place`,
      );
    if (this.#levels.length === MAX_LEVELS) throw payloadError(this.#place, `${this.#path(path)} is nested too deeply`);
    const isArray = Array.isArray(value);
    const keys = isArray ? undefined : this.#read(() => Object.keys(value), path);
    const target = isArray ? [] : {};
    const length = isArray ? value.length : (keys?.length ?? 0);
    this.#levels.push({ source: value, keys, length, target, key, next: 0 });
    this.#within.add(value);
    return target;
  }

  #refuse(reasonOf: (value: unknown) => string | undefined, value: unknown, path: readonly (string | number)[]): void {
    const reason = this.#read(() => reasonOf(value), path);
    if (reason !== undefined) throw payloadError(this.#place, `${this.#path(path)} is ${reason}`);
  }

  #read<T>(read: () => T, path: readonly (string | number)[]): T {
    try {
      return read();
    } catch (error) {
      throw payloadError(
        this.#place,
        `${this.#path(path)} could not be read: ${describeFailure(error).message}`,
        error,
      );
    }
  }

  #path(last: readonly (string | number)[]): string {
    return pathOf(this.#place.root, [...this.#levels.slice(1).map((level) => level.key), ...last]);
  }
}

/** What its `toJSON` gives, where it has one. */
function replaced(value: unknown, key: string | number): unknown {
  if ((typeof value !== "object" && typeof value !== "bigint") || value === null) return value;
  const toJson: unknown = Reflect.get(Object(value), "toJSON", value);
  return typeof toJson === "function" ? toJson.call(value, String(key)) : value;
}

/** What `JSON.rawJSON` has made is written as it is. Not every runtime has it. */
function isRawJson(value: object): boolean {
  const { isRawJSON } = JSON as { readonly isRawJSON?: (value: unknown) => boolean };
  return isRawJSON?.(value) ?? false;
}

/** `__proto__` is a key like any other. */
function put(target: object, key: string | number, value: unknown): void {
  if (key !== "__proto__") (target as Record<string | number, unknown>)[key] = value;
  else Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}
