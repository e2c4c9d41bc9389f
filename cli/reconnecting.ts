import { ServerError } from "./errors.ts";
import { LostError } from "./server.ts";
import { note } from "./terminal/output.ts";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** For what asks for as long as it takes: a server that is deployed anew, or away for a while, does not end it. */
export class Reconnecting {
  #failures = 0;

  reached(): void {
    this.#failures = 0;
  }

  /** Throws what does not pass; after the rest it is time to ask again, at most `mostMs` later. */
  async after(error: unknown, mostMs = Number.POSITIVE_INFINITY): Promise<void> {
    if (!isPassing(error)) throw error;
    note(`${error.message}. Connecting again`);
    await this.pause(mostMs);
  }

  async pause(mostMs = Number.POSITIVE_INFINITY): Promise<void> {
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS);
    this.#failures += 1;
    // After a deploy all come at once.
    const pauseMs = Math.min((longest * (1 + Math.random())) / 2, Math.max(0, mostMs));
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** An object may not be reached at first. */
function isPassing(error: unknown): error is Error {
  if (error instanceof ServerError) return error.status === 429 || error.status >= 500;
  return error instanceof LostError;
}
