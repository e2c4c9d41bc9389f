/** Instances that are kept for a time after their end, by their start or by the policy: and IDs that are used anew while that passes. */
import type { RetentionPolicy } from "../../../src/model/retention.ts";
import type { Random } from "../random.ts";
import type { Faults, Operation, Plan, Program, Root } from "./plan.ts";
import { pause, programFrom } from "./used-again.ts";

/** The longest that anything is kept. */
export const LONGEST_MS = 1_800_000;

const POLICIES: readonly RetentionPolicy[] = [
  {},
  { completed: 0 },
  { anyTerminal: 60_000 },
  { completed: LONGEST_MS, terminated: 1_000 },
];

export function expiring(random: Random, faults: Faults): Plan {
  if (random.chance(0.3)) return usedAsItGoes(random, faults);
  const keptMs = () => random.of([undefined, 0, 0, 1_000, 60_000, LONGEST_MS]);
  const roots = Array.from({ length: random.between(1, 3) }, (_, n): Root => {
    const id = `root-${n}`;
    const retentionMs = keptMs();
    const operations: Operation[] = [];
    const control = { sender: `${id} control`, to: id };
    if (random.chance(0.2))
      operations.push({ ...control, type: random.of(["terminate", "cancel"]), afterMs: pause(random) });
    // When the time of the one before is over, or nearly so.
    const soonMs = () => Math.max(0, random.of([0, 1_000, 60_000, 0, 0]) + random.between(-100, 3_000));
    for (let more = random.of([0, 1, 1, 2]); more > 0; more--) {
      const program = programFrom(random, `${id}-${more}`, []);
      const reuse = random.of(["replace", "replace", "terminate"] as const);
      operations.push({ ...control, type: "start", program, reuse, afterMs: soonMs(), retentionMs: keptMs() });
    }
    return {
      id,
      program: programFrom(random, id, []),
      delayMs: 0,
      operations,
      ...(retentionMs !== undefined && { retentionMs }),
    };
  });
  return {
    seed: random.below(2 ** 31),
    roots,
    retention: random.of(POLICIES),
    faults: random.chance(0.5) ? { ...faults, skew: 0.05, skewMs: 3_000 } : faults,
    encrypted: random.chance(0.2),
    deploys: random.chance(0.3) ? [{ atMs: random.below(8_000), code: "new" }] : [],
  };
}

/** It is told to go in the very moment in which others take its ID: what was for it comes to them, who are kept for longer. */
function usedAsItGoes(random: Random, faults: Faults): Plan {
  const quick = (): Program => ({
    rounds: 1,
    steps: [{ do: "activity", value: random.below(100), ms: 0, fails: 0 }],
    fails: false,
  });
  const roots = Array.from({ length: 3 }, (_, n): Root => {
    const id = `root-${n}`;
    const again = { sender: `${id} again`, to: id, type: "start", reuse: "replace" } as const;
    const afterMs = 60_000 + random.between(-500, 3_000);
    const operations = [{ ...again, program: quick(), afterMs, retentionMs: LONGEST_MS }];
    return { id, program: quick(), delayMs: 0, operations, retentionMs: 60_000 };
  });
  const late = { ...faults, latencyMs: random.of([5, 2_000]), skew: 0, skewMs: 5 };
  return {
    seed: random.below(2 ** 31),
    roots,
    retention: {},
    faults: late,
    encrypted: random.chance(0.3),
    deploys: [],
  };
}
