import fc from "fast-check";
import { HarnessError } from "../crash/harness.ts";
import { type HostileRequest, hostileRequests } from "./hostile.ts";
import { Target } from "./target.ts";

const PER_WORLD = 25;
const HOUR_MS = 3_600_000;

export interface FuzzResult {
  /** Those that were answered and judged. Fewer than asked for when something went wrong or time was up. */
  readonly requests: number;
  readonly statuses: ReadonlyMap<number, number>;
  /** How many have reached which row of the table of routes, as `METHOD PATH`. */
  readonly routes: ReadonlyMap<string, number>;
  /** Of the first request that went wrong, made as small as it still goes wrong; empty when none did. */
  readonly unexpected: readonly string[];
  /** All that was sent to its world, one line each; the last went wrong. */
  readonly example: readonly string[];
}

/**
 * Sends about so many requests, 25 to each world one after the other; half of the worlds have a token. The same seed sends
 * the same.
 */
export async function fuzz(seed: number, requests: number, limitMs = HOUR_MS): Promise<FuzzResult> {
  const statuses = new Map<number, number>();
  const routes = new Map<string, number>();
  let judged = 0;
  let unexpected: string[] = [];
  let example: string[] = [];
  const batch = fc.array(hostileRequests(), { minLength: PER_WORLD, maxLength: PER_WORLD });
  // Drawn and not counted, so that a world keeps its token while its requests are made smaller.
  const property = fc.asyncProperty(fc.boolean(), batch, async (needsToken, all) => {
    const target = new Target(needsToken);
    await target.prepare();
    for (const [n, request] of all.entries()) {
      const faults = await target.send(request).catch((error: unknown) => [`throws ${String(error)}`]);
      judged++;
      if (faults.length === 0) continue;
      unexpected = faults.map((fault) => `${request.method} ${request.target.slice(0, 200)}: ${fault}`);
      example = [`to a world ${needsToken ? "with" : "without"} a token:`, ...all.slice(0, n + 1).map(describe)];
      return false;
    }
    addUp(statuses, target.statuses);
    addUp(routes, target.routes);
    return true;
  });
  const numRuns = Math.max(1, Math.ceil(requests / PER_WORLD));
  const details = await fc.check(property, {
    seed,
    numRuns,
    endOnFailure: false,
    interruptAfterTimeLimit: limitMs,
  });
  // A fault of this test: a world that cannot even be made.
  if (details.failed && unexpected.length === 0)
    throw new HarnessError(`A world could not be made: ${String(details.errorInstance)}`, {
      cause: details.errorInstance,
    });
  return { requests: judged, statuses, routes, unexpected, example };
}

function addUp<Key>(sums: Map<Key, number>, more: ReadonlyMap<Key, number>): void {
  for (const [key, count] of more) sums.set(key, (sums.get(key) ?? 0) + count);
}

/** On one line, with the beginning of what is long. */
function describe(request: HostileRequest): string {
  return JSON.stringify(request, (_key, value: unknown) => {
    if (value instanceof Uint8Array)
      return `${value.length} bytes: ${Buffer.from(value.subarray(0, 100)).toString("hex")}`;
    if (typeof value !== "string" || value.length <= 300) return value;
    return `${value.slice(0, 300)}… (${value.length} characters)`;
  });
}
