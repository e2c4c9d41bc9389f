import { shown } from "./options.ts";

/*
 * Limits across instances, as code declares them: how many workflows or activities of a name run at once, and how many may begin in
 * a time, whichever instances they are of.
 */

/** What is limited. */
export type LimitKind = "workflow" | "activity";

/** One declared limit. */
export interface Limit {
  readonly name: string;
  readonly kind: LimitKind;
  /** The name of the workflow or activity. */
  readonly target: string;
  /** The queue that an input belongs to. Default: all are in one. */
  readonly key?: ((input: unknown) => unknown) | undefined;
  /** So many run at once, of all keys together. */
  readonly concurrency?: number | undefined;
  /** So many of one key. */
  readonly concurrencyPerKey?: number | undefined;
  readonly rate?: Rate | undefined;
  /** Over so many objects its keys are spread, or the instances where it has no key, each with its share of the numbers. */
  readonly parts: number;
}

/** So many begin in a time. */
export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

/** What one object of a limit may give away. */
export interface Quota extends Pick<Limit, "concurrency" | "concurrencyPerKey" | "rate"> {
  /** It was a part of the limit before its `parts` were others: it gives nothing away, and who waits there is sent to those of today. */
  readonly isFormer?: true;
  /** Whether it is the part of today for those; absent: of all that ask there. */
  readonly owns?: (key: string, instanceId: string) => boolean;
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
export const RATE_EXPECTED = 'a rate such as "100/m", a whole number from 1 to 1,000,000 and s, m, h or d';

/** `undefined`: it is none. */
export function parseRate(text: string): Rate | undefined {
  const [, count = "", unit = ""] = /^([1-9]\d{0,6})\/([smhd])$/.exec(text) ?? [];
  const perMs = UNITS[unit];
  return perMs === undefined || Number(count) > 1_000_000 ? undefined : { count: Number(count), perMs };
}

export function rateText({ count, perMs }: Rate): string {
  const [unit = "s"] = Object.entries(UNITS).find(([, ms]) => ms === perMs) ?? [];
  return `${count}/${unit}`;
}

/** One object serves so many a second, with the releases and the messages that go with them. */
const MOST_A_SECOND = 250;
export const MOST_PARTS = 64;

/** Over how many objects a limit is spread that does not say so: each has to serve no more than it can, and has a share of at least 1. */
export function partsFor({ rate, concurrency = MOST_PARTS }: Pick<Limit, "rate" | "concurrency">): number {
  const needed = rate === undefined ? 1 : Math.ceil((rate.count * 1_000) / rate.perMs / MOST_A_SECOND);
  return Math.min(needed, concurrency, MOST_PARTS);
}

/** The name of the object that has the queue of this key, where there are keys. */
export function limiterOf(limit: Pick<Limit, "name" | "parts" | "key">, key: string, instanceId: string): string {
  const { name, parts } = limit;
  return limiterNames(limit)[fnv1a(limit.key === undefined ? instanceId : key) % parts] ?? name;
}

export function limiterNames({ name, parts }: Pick<Limit, "name" | "parts">): string[] {
  return parts === 1 ? [name] : Array.from({ length: parts }, (_, n) => `${name}#${n}`);
}

/** The shares are whole numbers where they are of running ones, so that their sum is what was declared. */
function shareOf(limit: Limit, part: number): Quota {
  const { concurrency, concurrencyPerKey, rate, parts } = limit;
  return {
    concurrency: concurrency && Math.floor(concurrency / parts) + (part < concurrency % parts ? 1 : 0),
    concurrencyPerKey,
    rate: rate && { ...rate, count: rate.count / parts },
  };
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let n = 0; n < text.length; n++) hash = Math.imul(hash ^ text.charCodeAt(n), 0x01000193);
  return hash >>> 0;
}

/** The limits of a program. */
export class Limits {
  readonly #byName = new Map<string, Limit>();
  readonly #byTarget = new Map<string, Limit>();

  get areNone(): boolean {
    return this.#byName.size === 0;
  }

  get all(): readonly Limit[] {
    return [...this.#byName.values()];
  }

  /** Throws when the name is taken, or the target has a limit. */
  add(limit: Limit): void {
    const { name, kind, target } = limit;
    if (this.#byName.has(name)) throw new Error(`A limit '${name}' already exists.`);
    const other = this.of(kind, target);
    if (other !== undefined)
      throw new Error(
        `limit '${name}': the ${kind} ${shown(target)} has the limit '${other.name}' already, and has one at most: give that both a concurrency and a rate.`,
      );
    this.#set(limit);
  }

  /** Takes over what others are, in the place of those of the same names. */
  addAll(others: Limits): void {
    for (const limit of others.all) this.#set(limit);
  }

  of(kind: LimitKind, target: string): Limit | undefined {
    return this.#byTarget.get(`${kind} ${target}`);
  }

  /** What the object of that name may give away; `undefined`: no limit is declared that it is of. */
  quotaOf(limiter: string): Quota | undefined {
    const [, name = "", part] = /^(.*?)(?:#(\d+))?$/.exec(limiter) ?? [];
    const limit = this.#byName.get(name);
    if (limit === undefined) return undefined;
    if (!limiterNames(limit).includes(limiter)) return { isFormer: true };
    const share = shareOf(limit, Number(part ?? 0));
    return limit.parts === 1
      ? share
      : { ...share, owns: (key, instanceId) => limiterOf(limit, key, instanceId) === limiter };
  }

  #set(limit: Limit): void {
    this.#byName.set(limit.name, limit);
    this.#byTarget.set(`${limit.kind} ${limit.target}`, limit);
  }
}
