import type { Target } from "../engine/function-names.ts";
import type { Any } from "../engine/signatures.ts";
import { type LimitKind, MOST_PARTS, parseRate, RATE_EXPECTED } from "../model/limit.ts";
import { aFunction, aNumber, type OptionRule, optionsOf, rangeRule, typeRule } from "../model/options.ts";

/** Options of `WorkflowRuntime.limit`. One of `workflow` and `activity`, and one of the numbers at least. */
export interface LimitOptions {
  /** Its instances are limited, from the first turn to the end. */
  readonly workflow?: Target | undefined;
  /** Its runs are limited. */
  readonly activity?: Target | undefined;
  /** The queue that an input belongs to: queues are served in turn. Default: all are in one. */
  readonly key?: ((input: Any) => string) | undefined;
  /** So many run at once, of all keys together. */
  readonly concurrency?: number | undefined;
  /** So many of one key run at once. */
  readonly concurrencyPerKey?: number | undefined;
  /** So many begin in a second, minute, hour or day: `"100/m"`. After a pause as many begin at once. */
  readonly rate?: string | undefined;
  /**
   * Over so many objects its keys are spread, or the instances where it has no key, each with its share of the numbers: one serves some 250 a
   * second. Default: as many as the rate needs, which is 1 up to 250 a second.
   */
  readonly parts?: number | undefined;
}

const isCount = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= 1_000_000;
const aCount = aNumber("a whole number from 1 to 1,000,000", isCount);

export const limitOptions = optionsOf<LimitOptions>({
  workflow: aTarget("workflow"),
  activity: aTarget("activity"),
  key: aFunction,
  concurrency: aCount,
  concurrencyPerKey: aCount,
  rate: rangeRule(RATE_EXPECTED, (value) => typeof value === "string" && parseRate(value) !== undefined),
  parts: aNumber(
    `a whole number from 1 to ${MOST_PARTS}`,
    (value) => Number.isInteger(value) && value >= 1 && value <= MOST_PARTS,
  ),
});

function aTarget(kind: LimitKind): OptionRule {
  return typeRule(`the ${kind}: its name, its declaration or its function`, (value) =>
    ["string", "object", "function"].includes(typeof value),
  );
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;

/** What options alone do not tell. Throws a TypeError or RangeError. */
export function checkLimit(name: unknown, options: LimitOptions): void {
  if (typeof name !== "string" || !NAME.test(name))
    throw new TypeError(
      `limit: its name has 1 to 100 letters, digits and _ . -, and begins with one of the former, found ${JSON.stringify(name)}`,
    );
  const { workflow, activity, key, concurrency, concurrencyPerKey, rate, parts = 1 } = options;
  const call = `limit '${name}'`;
  if ((workflow === undefined) === (activity === undefined))
    throw new TypeError(`${call}: a limit is of either a workflow or an activity`);
  if (concurrency === undefined && concurrencyPerKey === undefined && rate === undefined)
    throw new TypeError(`${call}: a limit has a concurrency, a concurrencyPerKey or a rate`);
  if (concurrencyPerKey !== undefined && key === undefined)
    throw new TypeError(`${call}: a concurrencyPerKey is of a limit with a key; without one, concurrency is of all`);
  const least = Math.min(concurrency ?? parts, rate === undefined ? parts : (parseRate(rate)?.count ?? 0));
  if (parts > least)
    throw new RangeError(`${call}: parts is at most ${least}, so that each has a share of at least 1, found ${parts}`);
}
