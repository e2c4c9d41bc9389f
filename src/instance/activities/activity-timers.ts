import { withoutStack } from "../../engine/errors.ts";
import type { TaskScheduled } from "../../model/history-event.ts";
import type { Clock } from "../ports.ts";

/** An attempt has taken too long. The activity may still run; nobody waits for it. */
export class ActivityTimeoutError extends Error {
  override readonly name = "ActivityTimeoutError";
}

/** The times after which an attempt is over: its own, that of all attempts, and that between two heartbeats. */
export interface ActivityTimers {
  /** Rejects with an ActivityTimeoutError. */
  readonly expired: Promise<never>;
  /** The activity is alive. */
  heartbeat(): void;
  callOff(): void;
}

/** `undefined` when the call has no limits. The attempt is aborted when one of its times is over. */
export function timersOf(
  { name, timeoutMs, deadlineAtMs, heartbeatTimeoutMs }: TaskScheduled,
  clock: Clock,
  attempt: { abort(reason: Error): void },
): ActivityTimers | undefined {
  if (timeoutMs === undefined && deadlineAtMs === undefined && heartbeatTimeoutMs === undefined) return undefined;
  const timers = new Map<string, () => void>();
  let reject: (error: Error) => void = () => undefined;
  const expired = new Promise<never>((_, fail) => {
    reject = fail;
  });
  expired.catch(() => undefined);
  const set = (key: string, ms: number, what: string) => {
    timers.get(key)?.();
    const expire = () => {
      const error = withoutStack(new ActivityTimeoutError(`Activity '${name}' ${what}`));
      // First: an activity that ends because it is told is too late all the same.
      reject(error);
      attempt.abort(error);
    };
    timers.set(key, clock.schedule(ms, expire));
  };
  const heartbeat = () => {
    if (heartbeatTimeoutMs === undefined) return;
    set("heartbeat", heartbeatTimeoutMs, `sent no heartbeat for ${heartbeatTimeoutMs / 1000} s`);
  };
  if (timeoutMs !== undefined) set("attempt", timeoutMs, `took longer than ${timeoutMs / 1000} s`);
  if (deadlineAtMs !== undefined) {
    const what = "with all its attempts took longer than its total timeout";
    set("call", Math.max(0, deadlineAtMs - clock.now()), what);
  }
  heartbeat();
  return { expired, heartbeat, callOff: () => timers.forEach((callOff) => void callOff()) };
}
