import type { Rate } from "../model/limit.ts";

/** What may begin at once, and since when that is so. */
export interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

/** So many may begin at once after a pause. A part of a limit may have less than one in its time, and saves up for one. */
export function capacityOf({ count }: Rate): number {
  return Math.max(1, count);
}

export function fullBucket(rate: Rate, atMs: number): Bucket {
  return { tokens: capacityOf(rate), atMs };
}

/** What has come in since. A clock that has gone back brings nothing, and takes nothing. */
export function refilled({ tokens, atMs }: Bucket, rate: Rate, nowMs: number): Bucket {
  const gained = (Math.max(0, nowMs - atMs) * rate.count) / rate.perMs;
  return { tokens: Math.min(capacityOf(rate), tokens + gained), atMs: nowMs };
}

/** When the next may begin. */
export function nextTokenMs({ tokens, atMs }: Bucket, { count, perMs }: Rate): number {
  return tokens >= 1 ? atMs : Math.ceil(atMs + ((1 - tokens) * perMs) / count);
}
