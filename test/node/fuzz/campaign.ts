import fc from "fast-check";
import { type HostileRequest, hostileRequest } from "./hostile.ts";
import { Target } from "./target.ts";

const PER_WORLD = 25;

export interface FuzzResult {
  readonly requests: number;
  readonly statuses: ReadonlyMap<number, number>;
  /** Of the first request that went wrong, made as small as it still goes wrong; empty when none did. */
  readonly unexpected: readonly string[];
  readonly example: readonly HostileRequest[] | undefined;
}

/** Sends about so many requests, 25 to each world one after the other. The same seed sends the same. */
export async function fuzz(seed: number, requests: number): Promise<FuzzResult> {
  const statuses = new Map<number, number>();
  let sent = 0;
  let unexpected: string[] = [];
  const batch = fc.array(hostileRequest, { minLength: PER_WORLD, maxLength: PER_WORLD });
  const property = fc.asyncProperty(batch, async (all) => {
    const target = new Target();
    await target.prepare();
    for (const request of all) {
      sent++;
      const faults = await target.send(request);
      if (faults.length === 0) continue;
      unexpected = faults.map((fault) => `${request.method} ${request.target.slice(0, 200)}: ${fault}`);
      return false;
    }
    for (const [status, count] of target.statuses) statuses.set(status, (statuses.get(status) ?? 0) + count);
    return true;
  });
  const numRuns = Math.max(1, Math.ceil(requests / PER_WORLD));
  const details = await fc.check(property, { seed, numRuns, endOnFailure: false, interruptAfterTimeLimit: 3_600_000 });
  return { requests: sent, statuses, unexpected, example: details.counterexample?.[0] };
}
