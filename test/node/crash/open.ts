// What is still open when a campaign does not come to its end: who waits for what, and how far each instance is on disk.
import { readAlarms, readInstances, type StoredInstance } from "./database.ts";
import { rootOf } from "./harness.ts";

export const TERMINAL = new Set(["COMPLETED", "FAILED", "CANCELED", "TERMINATED"]);

export function hasEnded({ status }: StoredInstance): boolean {
  return TERMINAL.has(status);
}

/** Where an instance is, in one line. `alarmAtMs`: `undefined` when none is set. */
export function stateOf(instance: StoredInstance, alarmAtMs: number | undefined, nowMs: number): string {
  const { instanceId, status, history, left } = instance;
  const last = history.at(-1);
  const lastText =
    last === undefined
      ? "no events"
      : `${history.length} events, the last ${last.type}${last.taskId === null ? "" : ` #${last.taskId}`} ${ago(nowMs - last.atMs)}`;
  const rows = Object.entries(left).flatMap(([table, count]) => (count > 0 ? [`${count} in ${table}`] : []));
  const alarm = alarmAtMs === undefined ? "no alarm" : `its alarm ${ago(nowMs - alarmAtMs)}`;
  return [`${instanceId} is ${status}`, lastText, ...rows, alarm].join(", ");
}

/**
 * The state of each instance that is not at rest, by the root of its tree: one that has not ended, or that an alarm is set for.
 * Nothing may run.
 */
export function openTrees(directory: string, nowMs: number): ReadonlyMap<string, string> {
  const alarms = readAlarms(directory);
  const open = [...readInstances(directory).values()].filter(
    (instance) => !hasEnded(instance) || alarms.has(instance.instanceId),
  );
  const texts = Map.groupBy(open, ({ instanceId }) => rootOf(instanceId));
  const tell = (instance: StoredInstance) => stateOf(instance, alarms.get(instance.instanceId), nowMs);
  return new Map([...texts].map(([root, instances]) => [root, instances.map(tell).join("; ")]));
}

function ago(ms: number): string {
  const seconds = (Math.abs(ms) / 1_000).toFixed(1);
  return ms < 0 ? `in ${seconds} s` : `${seconds} s ago`;
}
