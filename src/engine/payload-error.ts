/** What a payload belongs to: `activity 'charge'`; and what it is there: `input`, `result`. Kept apart, because most are never told of. */
export interface PayloadPlace {
  /** For instance `activity`. */
  readonly kind: string;
  /** For instance `charge`. */
  readonly name: string | undefined;
  /** What the path begins with, for instance `result`. */
  readonly root: string;
}

/**
 * A value is none that can be sent or recorded, or a payload converter could not do its work. It would be no better the next time: no
 * retry policy calls again. `text`: for instance `result.receipt is a BigInt …`.
 */
export function payloadError({ kind, name }: PayloadPlace, text: string, cause?: unknown): TypeError {
  const at = name === undefined ? kind : `${kind} '${name}'`;
  const error = new TypeError(`${at}: ${text}`, cause === undefined ? undefined : { cause });
  return Object.assign(error, { isNonRetriable: true });
}

const MAX_PATH_LENGTH = 400;

/** `result.items[3].price`; keys that are no identifiers in brackets and quotes. The middle of a long one is left out. */
export function pathOf(root: string, keys: readonly (string | number)[]): string {
  const ends = keys.length <= 40 ? keys : [...keys.slice(0, 20), undefined, ...keys.slice(-20)];
  const path = root + ends.map((key) => (key === undefined ? " … " : step(key))).join("");
  return path.length <= MAX_PATH_LENGTH ? path : `${path.slice(0, 200)} … ${path.slice(-199)}`;
}

function step(key: string | number): string {
  if (typeof key === "number") return `[${key}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
