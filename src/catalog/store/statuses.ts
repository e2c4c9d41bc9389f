import type { RuntimeStatus } from "../../model/status.ts";

/**
 * How a status lies in a row: those that live below 4, COMPLETED 4, those that ended badly from 5 on. The partial
 * indexes are made of these borders: an instance that ended well, as almost all do, is in none of them.
 */
const NUMBERS: Readonly<Record<RuntimeStatus, number>> = {
  PENDING: 0,
  RUNNING: 1,
  SUSPENDED: 2,
  STALLED: 3,
  COMPLETED: 4,
  FAILED: 5,
  TERMINATED: 6,
  CANCELED: 7,
};
export const COMPLETED = NUMBERS.COMPLETED;

/** Marked by a purge that is about to wipe the instance; not listed. */
export const LEAVING = -1;
/** No more; kept for an hour, so that nothing late brings the instance back. Not listed. */
export const GONE = -2;

const names = Object.keys(NUMBERS) as RuntimeStatus[];

export function toNumber(status: RuntimeStatus): number {
  const number: number | undefined = NUMBERS[status];
  if (number === undefined) throw new Error(`expected a status that this shard knows, found ${JSON.stringify(status)}`);
  return number;
}

export function toStatus(number: number): RuntimeStatus {
  const name = names.find((status) => NUMBERS[status] === number);
  if (name === undefined) throw new Error(`expected the number of a status in the catalog, found ${number}`);
  return name;
}

/** Of a listed row. */
export function isLive(number: number): boolean {
  return number >= 0 && number < COMPLETED;
}
