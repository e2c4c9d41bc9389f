/** How long each took, in the order in which they ended, and how long all of them. */
export interface Crowd {
  readonly totalMs: number;
  readonly latenciesMs: readonly number[];
}

/** `run` resolves with how long it took. */
export type Run = () => Promise<number>;

export async function repeat(times: number, run: Run): Promise<number[]> {
  const latenciesMs: number[] = [];
  for (let i = 0; i < times; i++) latenciesMs.push(await run());
  return latenciesMs;
}

/** By so many clients at once, of which each begins its next when its last has ended. */
export async function crowd(times: number, clients: number, run: Run): Promise<Crowd> {
  const latenciesMs: number[] = [];
  let left = times;
  const client = async () => {
    while (left-- > 0) latenciesMs.push(await run());
  };
  const startedAtMs = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  return { totalMs: performance.now() - startedAtMs, latenciesMs };
}
