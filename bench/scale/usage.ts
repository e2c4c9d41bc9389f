// What this engine uses of the platform, by what an instance does. test/node/scale counts the same in simulations.

/** What Cloudflare bills. Times are in seconds, storage in bytes for a month. */
export interface Usage {
  /** Requests to the Worker: each also costs its CPU time. */
  readonly workerRequests: number;
  /** Requests to Durable Objects: calls and alarms. */
  readonly objectRequests: number;
  /** How long objects are at work, or wait for what is outside. */
  readonly activeSeconds: number;
  /** Each alarm that is set or removed is one too. */
  readonly rowsWritten: number;
  readonly rowsRead: number;
  readonly bytesMonths: number;
}

/** What creating the first table writes: SQLite puts a row into its own table, and then changes it. */
export const TABLE_ROWS = 2;
/** How long an object is at work for a request that waits for nothing: measured, with its commit, and rounded up. */
const BURST_SECONDS = 0.01;
/** A database with the first table and an alarm has three pages of 4 KiB. */
export const SMALL_BYTES = 12_288;
/** An event of the history with a small payload: measured, and rounded up. */
const EVENT_BYTES = 60;
/** So many steps, with small payloads and short names, share a row of the history (storage/history-table.ts). */
const STEPS_PER_ROW = 118;

/** `n` steps, fewer than 1,000, one after the other, that wait for nothing: one request, one commit, no alarm. */
export function chain(n: number): Usage {
  const history = Math.ceil((n + 1) / STEPS_PER_ROW);
  // The instance's row is written with the first row of the history, and again at the end if that is another one.
  const rowsWritten = TABLE_ROWS + history + (history === 1 ? 1 : 2);
  return { ...oneRequest, rowsWritten, rowsRead: 2, bytesMonths: SMALL_BYTES + 2 * n * EVENT_BYTES };
}

/** A timer, then one step. */
export function sleeper(months: number): Usage {
  return {
    workerRequests: 1,
    objectRequests: 2,
    activeSeconds: 2 * BURST_SECONDS,
    rowsWritten: TABLE_ROWS + 5 + 1,
    // It has left memory, and reads its history and what is open.
    rowsRead: 6,
    bytesMonths: SMALL_BYTES * months,
  };
}

/** In each round `n` steps, each a timer and an activity that waits for something outside; then it continues as new. */
export function loop(n: number, rounds: number, ioSeconds: number): Usage {
  const steps = n * rounds;
  const history = 2 * n + 1;
  return {
    workerRequests: 1,
    objectRequests: 1 + steps,
    activeSeconds: steps * (2 * BURST_SECONDS + ioSeconds),
    // Two rows for a step and one for its alarm. A round removes the rows of the one before, and changes the instance's twice.
    rowsWritten: TABLE_ROWS + (2 * n + 2) + (4 * n + 4) * (rounds - 1) + (rounds === 1 ? 1 : 0) + steps,
    // Between two steps it leaves memory, and reads its history again: half of it on average.
    rowsRead: steps * (history / 2),
    bytesMonths: 12 * (SMALL_BYTES + 4 * n * EVENT_BYTES),
  };
}

export function times(count: number, { ...usage }: Usage): Usage {
  const { workerRequests, objectRequests, activeSeconds, rowsWritten, rowsRead, bytesMonths } = usage;
  return {
    workerRequests: count * workerRequests,
    objectRequests: count * objectRequests,
    activeSeconds: count * activeSeconds,
    rowsWritten: count * rowsWritten,
    rowsRead: count * rowsRead,
    bytesMonths: count * bytesMonths,
  };
}

const oneRequest = { workerRequests: 1, objectRequests: 1, activeSeconds: BURST_SECONDS };
