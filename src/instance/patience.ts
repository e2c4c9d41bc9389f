/** Calls back after at least `ms`, unless it is called off before. */
export type Schedule = (ms: number, callback: () => void) => () => void;

/** By the platform's own timers. */
export const timers: Schedule = (ms, callback) => {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
};

/** What the call answers; `undefined` where it fails, or takes longer. Never rejects. */
export function within<T>(schedule: Schedule, ms: number, call: () => Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const callOff = schedule(ms, () => resolve(undefined));
    const answer = async () => call();
    answer()
      .catch(() => undefined)
      .then((value) => {
        callOff();
        resolve(value);
      });
  });
}
