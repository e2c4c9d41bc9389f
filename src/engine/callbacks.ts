import { Task, unyielded } from "./task.ts";

// What the author's callbacks give back. Where the engine can wait for a promise it does, and for so long that every replay
// waits alike; elsewhere a promise is refused. None of them is read as an answer, and none is left to reject unheard.

/** A promise of a callback that has not settled after so many microtasks waits for something outside of the workflow. */
export const MAX_MICROTASKS = 1_000;

export type AnyGenerator = Generator<unknown, unknown, unknown> | AsyncGenerator<unknown, unknown, unknown>;

export function isGenerator(value: unknown): value is AnyGenerator {
  const candidate = value as Partial<AnyGenerator> | null | undefined;
  return (
    typeof candidate === "object" && typeof candidate?.next === "function" && typeof candidate.throw === "function"
  );
}

export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as Partial<PromiseLike<T>> | null | undefined)?.then === "function";
}

/** That it may reject is nobody's concern: what it was to say is refused, or too late. */
export function leave(value: unknown): void {
  if (!(value instanceof Task) && isPromise(value)) void Promise.resolve(value).catch(() => undefined);
}

/** Why this is no answer, in words that follow "returned"; `undefined` when it may be one. A promise is left. */
export function notAnAnswer(value: unknown): string | undefined {
  if (typeof value !== "object" && typeof value !== "function") return undefined;
  if (typeof value === "function") return "a function: call it";
  if (value instanceof Task) return unyielded(value);
  if (isGenerator(value)) return "a generator: it must be a function that is none";
  if (!isPromise(value)) return undefined;
  leave(value);
  return "a promise: it must be a function that is not async";
}

/** For callbacks that the engine cannot wait for. Throws a TypeError for what is no answer. */
export function answerAtOnce<T>(who: string, answer: T): T {
  const found = notAnAnswer(answer);
  if (found !== undefined) throw new TypeError(`${who} answers at once, and has returned ${found}`);
  return answer;
}

export type Settled = { readonly type: "value"; readonly value: unknown } | { readonly type: "rejected" | "open" };

/** How the promise is settled within MAX_MICROTASKS. */
export async function settledSoon(promise: PromiseLike<unknown>): Promise<Settled> {
  let settled: Settled = { type: "open" };
  const settle = (how: Settled) => {
    settled = how;
  };
  Promise.resolve(promise).then(
    (value) => settle({ type: "value", value }),
    () => settle({ type: "rejected" }),
  );
  for (let n = 0; n < MAX_MICROTASKS && settled.type === "open"; n++) await undefined;
  return settled;
}
