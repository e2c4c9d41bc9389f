// What the harness itself does wrong, told apart from what the engine does wrong. A run with faults of the harness says
// nothing, and is to be repeated; one with faults of the engine says that something is broken.
import type { StoredInstance } from "./database.ts";
import type { Violation } from "./faults.ts";

/** A fault of the harness that ends a run: a server that does not come up, a machine that is too slow for what is measured. */
export class HarnessError extends Error {
  override readonly name = "HarnessError";
}

/** Something that the harness waits for has not come in time. */
export class LateError extends HarnessError {}

/** What a run ends with. */
export interface Verdict {
  readonly violations: readonly Violation[];
  /** One line for each. */
  readonly harness: readonly string[];
}

/** Exit codes of the campaigns: 1 the engine, 2 only the harness. */
export function exitCodeOf({ violations, harness }: Verdict): 0 | 1 | 2 {
  if (violations.length > 0) return 1;
  return harness.length > 0 ? 2 : 0;
}

/** As `step.js` throws it. */
const UNREACHABLE = "RecorderUnreachable";

/** Why an activity of this instance has failed by the harness, if one has. */
export function harnessFaultOf({ history }: StoredInstance): string | undefined {
  for (const { type, payload } of history) {
    if (type !== "TaskFailed" || payload === null || !payload.includes(UNREACHABLE)) continue;
    const { errorType, message } = JSON.parse(payload) as { errorType?: string; message?: string };
    if (errorType === UNREACHABLE) return `an activity did not reach the recorder: ${message}`;
  }
  return undefined;
}

/** The root of a tree: children are called `<parent>:<number>`, what one announces `<its own>-d`, its rerun `-r`, and one of a group `-t<number>`. */
export function rootOf(text: string): string {
  const [first = ""] = text.split(/[:\s]/);
  return first.replace(/-([dr]|t\d+)$/, "");
}

/** What a tree has done after the harness has failed one of its activities is not the engine's. */
export function apart(violations: readonly Violation[], faults: ReadonlyMap<string, string>): Verdict {
  const isOurs = ({ text }: Violation) => faults.has(rootOf(text));
  const moved = violations.filter(isOurs).map(({ what, text }) => `follows from it: ${what}: ${text}`);
  return { violations: violations.filter((violation) => !isOurs(violation)), harness: [...faults.values(), ...moved] };
}

/** What comes from the API has an error code; what has none is of a server before it, which has not reached it. */
export function isOfApi(text: string): boolean {
  try {
    return typeof JSON.parse(text).errorCode === "string";
  } catch {
    return false;
  }
}

/** Tries something of the harness's own again, and tells in the end that it was not to be had. */
export async function insist<T>(what: string, attempts: number, attempt: () => Promise<T>): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await attempt();
    } catch (error) {
      if (n >= attempts) throw new HarnessError(`${what}, ${attempts} times: ${String(error)}`, { cause: error });
    }
  }
}

/** Rejects when it takes longer, with what was waited for. */
export async function within<T>(what: string, limitMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LateError(`expected within ${limitMs} ms: ${what}`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What is waited for just now, each since when: to be told when a wait does not end. */
export class Waits {
  readonly #now: () => number;
  readonly #open = new Set<{ readonly what: string; readonly sinceMs: number }>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  async on<T>(what: string, promise: Promise<T>): Promise<T> {
    const wait = { what, sinceMs: this.#now() };
    this.#open.add(wait);
    try {
      return await promise;
    } finally {
      this.#open.delete(wait);
    }
  }

  /** The oldest first. */
  texts(): string[] {
    return [...this.#open].map(({ what, sinceMs }) => `${what} (${((this.#now() - sinceMs) / 1_000).toFixed(1)} s)`);
  }
}

/** Resolves with whether it is so, as long as `progress` changes within `quietMs`: a busy machine is slow, and not stuck. */
export async function untilQuiet(
  isSo: () => boolean,
  progress: () => unknown,
  quietMs: number,
  clock: { now(): number; delay(ms: number): Promise<void> },
): Promise<boolean> {
  let [seen, sinceMs] = [progress(), clock.now()];
  while (!isSo()) {
    if (progress() !== seen) [seen, sinceMs] = [progress(), clock.now()];
    if (clock.now() - sinceMs > quietMs) return false;
    await clock.delay(20);
  }
  return true;
}
