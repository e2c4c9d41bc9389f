import { sha256 } from "../model/sha256.ts";
import type { ScheduleFields } from "./fields.ts";

/*
 * Which of two versions of the code says what is declared. Both may run at the same time during a deploy, and each asks when one of its isolates
 * gets its first request, or when one of its schedules' alarms rings: the one that was deployed later counts.
 */

/** A schedule as code declares it. */
export interface Declaration {
  readonly id: string;
  readonly fields: ScheduleFields;
  /** JSON. */
  readonly input?: string | undefined;
  readonly remainingActions?: number | undefined;
}

/** All that one version of the code declares. */
export interface Deployment {
  readonly hash: string;
  /** When the version was made, where the Worker has a binding CF_VERSION_METADATA. */
  readonly madeMs?: number | undefined;
  readonly declarations: readonly Declaration[];
}

/** The deployment that counts. It lies in the database of the index: fields are only ever added, and added as optional ones. */
export interface Deployed {
  readonly hash: string;
  readonly madeMs?: number | undefined;
  /** The how many-th: of two that change one schedule, the greater counts. */
  readonly number: number;
  readonly ids: readonly string[];
  /** Those that were declared before and are not any more, and have not been told. */
  readonly leaving: readonly string[];
  /** Every schedule of it has been told. */
  readonly isDone: boolean;
  /** When it was last heard of, not more often than {@link SEEN_MS}. */
  readonly seenMs: number;
  /** Hashes of those that counted before, the newest first. */
  readonly former: readonly string[];
}

/** A former version that asks so long after the last word of the one that counts has been deployed again. */
const SILENCE_MS = 3_600_000;
const SEEN_MS = 600_000;
const MOST_FORMER = 20;

export function hashOf(declarations: readonly Declaration[]): string {
  const sorted = [...declarations].sort((a, b) => (a.id < b.id ? -1 : 1));
  return sha256(JSON.stringify(sorted)).slice(0, 32);
}

/** Of one declaration. */
export function declarationHash(declaration: Declaration): string {
  return hashOf([declaration]);
}

/** The next of what counts: `undefined` where this one does not, and the same where nothing of it changes. */
export function deploy(before: Deployed | undefined, asks: Deployment, nowMs: number): Deployed | undefined {
  if (before?.hash === asks.hash) {
    const isNewer = asks.madeMs !== undefined && asks.madeMs > (before.madeMs ?? 0);
    return isNewer || nowMs - before.seenMs >= SEEN_MS
      ? { ...before, seenMs: nowMs, madeMs: isNewer ? asks.madeMs : before.madeMs }
      : before;
  }
  if (before !== undefined && !isLater(before, asks, nowMs)) return undefined;
  const ids = asks.declarations.map(({ id }) => id);
  const were = [...(before?.ids ?? []), ...(before?.leaving ?? [])];
  const former = before === undefined ? [] : [before.hash, ...before.former].filter((hash) => hash !== asks.hash);
  return {
    hash: asks.hash,
    madeMs: asks.madeMs,
    number: (before?.number ?? 0) + 1,
    ids,
    leaving: [...new Set(were)].filter((id) => !ids.includes(id)),
    isDone: false,
    seenMs: nowMs,
    former: former.slice(0, MOST_FORMER),
  };
}

/**
 * By when they were made, where both say so; else one that was never heard of is later. Whoever is not, and asks when the other one has been silent for
 * long, was deployed again.
 */
function isLater(before: Deployed, asks: Deployment, nowMs: number): boolean {
  if (nowMs - before.seenMs >= SILENCE_MS) return true;
  if (asks.madeMs !== undefined && before.madeMs !== undefined && asks.madeMs !== before.madeMs)
    return asks.madeMs > before.madeMs;
  return !before.former.includes(asks.hash);
}
