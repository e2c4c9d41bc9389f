// The event loop of the process, as the kit needs it: turns of it, short sleeps, and what it still has to do. The timers are
// the kit's own references, taken when this module is loaded, so that fake ones (`vi.useFakeTimers()`) stop nothing here.
// Should they be fake by then already, what no library fakes stands in for them: messages, and the time of a signal.

/** What no types of a platform say: Node has them, and what else runs tests may have them. */
declare const setImmediate: ((callback: () => void) => unknown) | undefined;
declare const process: { getActiveResourcesInfo?: () => string[] } | undefined;

const { setTimeout, clearTimeout, queueMicrotask } = globalThis;
/** Libraries of fake timers mark theirs so. */
const isFake = "clock" in setTimeout;
const macrotask = isFake || typeof setImmediate !== "function" ? afterMessage : setImmediate;

let turn: Promise<void> | undefined;
let naps = 0;

/** Lets all promises go on that can, and what the event loop has ready. All who wait share one turn. */
export function nextTurn(): Promise<void> {
  turn ??= new Promise((resolve) =>
    macrotask(() => {
      turn = undefined;
      resolve();
    }),
  );
  return turn;
}

/** A short sleep of real time. */
export interface Nap {
  readonly over: Promise<void>;
  /** Ends it early. */
  end(): void;
}

export function nap(ms: number): Nap {
  let end = () => {};
  const over = new Promise<void>((resolve) => {
    naps++;
    end = () => {
      end = () => {};
      naps--;
      if (timer !== undefined) clearTimeout(timer);
      resolve();
    };
    const wake = () => end();
    const timer = isFake ? undefined : setTimeout(wake, ms);
    if (isFake) AbortSignal.timeout(ms).addEventListener("abort", wake);
  });
  return { over, end: () => end() };
}

function afterMessage(callback: () => void): void {
  const { port1, port2 } = new MessageChannel();
  const received = () => {
    port1.close();
    callback();
  };
  Object.assign(port1, { onmessage: received });
  port2.postMessage(undefined);
}

/** What keeps the event loop alive, how many of each kind, but for what the kit has itself. */
export type Resources = ReadonlyMap<string, number>;

const nothing: Resources = new Map();

export function resourcesNow(): Resources {
  const active = typeof process === "undefined" ? undefined : process.getActiveResourcesInfo?.();
  if (active === undefined || active.length === 0) return nothing;
  const counts = new Map<string, number>([["Timeout", -naps]]);
  if (turn !== undefined) counts.set("Immediate", -1);
  for (const kind of active) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** Whether something has been begun since `before` that is not over. */
export function hasMore(now: Resources, before: Resources): boolean {
  for (const [kind, count] of now) if (count > Math.max(0, before.get(kind) ?? 0)) return true;
  return false;
}

/**
 * Whether something is under way that was not at the beginning, as far as numbers tell: what ends is taken for what was there before,
 * such as a timer of the runner that begins each test.
 */
export class Baseline {
  #before = resourcesNow();
  #last = this.#before;

  look(): boolean {
    const now = resourcesNow();
    const ended = moreIn(this.#last, now);
    if (ended.size > 0)
      this.#before = new Map([...this.#before].map(([kind, count]) => [kind, count - (ended.get(kind) ?? 0)] as const));
    this.#last = now;
    return hasMore(now, this.#before);
  }
}

/** What has been begun since `before`. */
export function moreIn(now: Resources, before: Resources): Resources {
  const more = [...now].map(([kind, count]) => [kind, count - Math.max(0, before.get(kind) ?? 0)] as const);
  return new Map(more.filter(([, count]) => count > 0));
}

/** Whether all of one kind in `some` may still be there. */
export function mayHold(now: Resources, some: Resources): boolean {
  for (const [kind, count] of some) if ((now.get(kind) ?? 0) >= count) return true;
  return false;
}

const afterPromise: typeof queueMicrotask = (run) => void Promise.resolve().then(() => run());
const microtask = "clock" in queueMicrotask ? afterPromise : queueMicrotask;
let users = 0;
let givenMicrotask = microtask;

/** Node makes and reads the bodies of requests and answers with the global `queueMicrotask`: it is a real one until `release`. */
export function useRealMicrotasks(): () => void {
  if (users === 0 && globalThis.queueMicrotask === microtask) return () => undefined;
  if (users++ === 0) {
    givenMicrotask = globalThis.queueMicrotask;
    globalThis.queueMicrotask = microtask;
  }
  return () => {
    if (--users === 0 && globalThis.queueMicrotask === microtask) globalThis.queueMicrotask = givenMicrotask;
  };
}
