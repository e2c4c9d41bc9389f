import { type Schedule, within } from "../instance/patience.ts";
import { type Limit, rateText } from "../model/limit.ts";
import { formatTime } from "../model/time.ts";
import type { LimiterApi, LimiterHealth } from "./protocol.ts";

/** A part that has not answered by then is missing. */
const PATIENCE_MS = 5_000;

/** A list does not wait longer for positions. */
const POSITIONS_PATIENCE_MS = 2_000;

/** The limits of a Worker, and the way to their objects. */
export interface LimitsReach {
  declared(): readonly Limit[];
  /** All objects of it. */
  partsOf(limit: Limit): readonly Pick<LimiterApi, "health" | "positions">[];
  readonly schedule: Schedule;
}

/** A limit as the API shows it. */
export interface ListedLimit {
  readonly name: string;
  readonly workflow?: string | undefined;
  readonly activity?: string | undefined;
  readonly concurrency?: number | undefined;
  readonly concurrencyPerKey?: number | undefined;
  readonly rate?: string | undefined;
  readonly parts?: number | undefined;
  readonly running: number;
  readonly waiting: number;
  /** With how many keys something waits. */
  readonly waitingKeys: number;
  /** Those with which most wait. */
  readonly waitingByKey: readonly ListedQueue[];
  /** When the first of those that wait began to. */
  readonly oldestWaitingSince?: string | undefined;
  /** So many parts have not answered, and are not counted. */
  readonly missingParts?: number | undefined;
}

export interface ListedQueue {
  readonly key: string;
  readonly running: number;
  readonly waiting: number;
  readonly oldestWaitingSince: string;
}

/** Every limit that is declared, by its name, with `top` keys at most. */
export async function readLimits(reach: LimitsReach, top: number): Promise<{ limits: readonly ListedLimit[] }> {
  const declared = [...reach.declared()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { limits: await Promise.all(declared.map((limit) => readLimit(reach, limit, top))) };
}

async function readLimit(reach: LimitsReach, limit: Limit, top: number): Promise<ListedLimit> {
  const parts = reach.partsOf(limit);
  const answers = await Promise.all(parts.map((part) => within(reach.schedule, PATIENCE_MS, () => part.health(top))));
  const found = answers.filter((health) => health !== undefined);
  const missing = parts.length - found.length;
  const { name, kind, target, concurrency, concurrencyPerKey, rate } = limit;
  return {
    name,
    [kind]: target,
    concurrency,
    concurrencyPerKey,
    rate: rate && rateText(rate),
    parts: limit.parts === 1 ? undefined : limit.parts,
    running: sumOf(found, ({ running }) => running),
    waiting: sumOf(found, ({ waiting }) => waiting),
    waitingKeys: sumOf(found, ({ keys }) => keys),
    waitingByKey: longest(found, top),
    oldestWaitingSince: timeOf(Math.min(...found.map(({ oldestSinceMs = Infinity }) => oldestSinceMs))),
    missingParts: missing === 0 ? undefined : missing,
  };
}

/** A key lies in one part, so that nothing is to be added. */
function longest(found: readonly LimiterHealth[], top: number): ListedQueue[] {
  return found
    .flatMap(({ queues }) => queues)
    .sort((a, b) => b.waiting - a.waiting || (a.key < b.key ? -1 : 1))
    .slice(0, top)
    .map(({ key, running, waiting, oldestSinceMs }) => ({
      key,
      running,
      waiting,
      oldestWaitingSince: formatTime(oldestSinceMs),
    }));
}

/** What stands before the name of a limit, where a list says what is waited for. */
const WAITS = "limit:";

/**
 * Rows of a list, with the position of each that waits for a limit, as it is now: one question to each object of each limit that is in
 * them, and none where there is none. Of one that does not wait any more, or whose limiter has not answered, there is no position.
 */
export async function withPositions<
  T extends { readonly instanceID: string; readonly waitingFor?: string | undefined },
>(rows: readonly T[], reach: LimitsReach | undefined): Promise<readonly (T & { readonly position?: number })[]> {
  const waiting = rows.filter(({ waitingFor }) => waitingFor?.startsWith(WAITS));
  if (reach === undefined || waiting.length === 0) return rows;
  const limits = reach.declared().filter(({ name }) => waiting.some((row) => row.waitingFor === WAITS + name));
  const asked = limits.flatMap((limit) => {
    const ids = waiting.filter(({ waitingFor }) => waitingFor === WAITS + limit.name).map((row) => row.instanceID);
    return reach.partsOf(limit).map((part) => within(reach.schedule, POSITIONS_PATIENCE_MS, () => part.positions(ids)));
  });
  const positions = new Map((await Promise.all(asked)).flatMap((part) => [...(part ?? [])]));
  return rows.map((row) => {
    const position = row.waitingFor?.startsWith(WAITS) ? positions.get(row.instanceID) : undefined;
    return position === undefined ? row : { ...row, position };
  });
}

function sumOf(found: readonly LimiterHealth[], of: (health: LimiterHealth) => number): number {
  return found.reduce((sum, health) => sum + of(health), 0);
}

function timeOf(ms: number): string | undefined {
  return Number.isFinite(ms) ? formatTime(ms) : undefined;
}
