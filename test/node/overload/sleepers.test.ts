// [O4] Instances that sleep cost a row in the list of alarms and a file each, and nothing else.
import { rmSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../e2e/server.ts";
import { runSleepers } from "./sleepers.ts";

const INSTANCES = 200;

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe("[O4] Many instances that sleep", () => {
  it(`[O4.1] ${INSTANCES} hold no file and no heap, and all wake by themselves (5,000: npm run sleepers)`, async () => {
    const result = await runSleepers({ directory, instances: INSTANCES, waves: 1, perSecond: 50 });
    const { atStart, peak, asleep, heapMiB, heapAwakeMiB, alarms, completed, bytesOnDisk, violations } = result;
    console.log(result);
    expect(violations).toEqual([]);
    expect([alarms, completed]).toEqual([INSTANCES, INSTANCES]);
    // While one lives it holds three.
    expect(peak.files).toBeGreaterThan(INSTANCES);
    // Connections of clients are files too.
    expect(asleep[0]?.files).toBeLessThan(atStart.files + 50);
    // What they took of the heap has been given back: 1 MiB for 200 would be 5 KiB for each.
    expect((heapMiB[1] ?? 0) - (heapMiB[0] ?? 0)).toBeLessThan(1);
    expect((heapAwakeMiB[0] ?? 0) - (heapMiB[1] ?? 0)).toBeGreaterThan(0.5);
    expect(bytesOnDisk / INSTANCES).toBeLessThan(64 * 1024);
  });
});
