// Instances in the middle of an activity, a timer, two event waits and a child, and what has to become of them.
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import { type Api, outputOf } from "../e2e/server.ts";
import type { Audit } from "./audit.ts";
import { askInstance, differences, linesOf, listAll, type Row, untilRight } from "./catalog.ts";
import { Client } from "./client.ts";
import type { Recorder } from "./recorder.ts";

export const KINDS = ["a-activity", "a-timer", "a-event", "a-buffered", "a-parent"] as const;

/** Starts one instance of each kind and returns when each is in the middle of what it waits for. */
export async function bringToTheMiddle(api: Api, recorder: Recorder, timerSeconds = 2): Promise<void> {
  await Promise.all([
    api.start("activities", "a-activity"),
    api.start("timer", "a-timer", timerSeconds),
    api.start("events", "a-event"),
    api.start("events", "a-buffered"),
    api.start("parent", "a-parent"),
  ]);
  const has = (instanceId: string, phase: string, label: string) => () =>
    recorder.of(instanceId).some((report) => report.phase === phase && report.label === label);
  await recorder.until("a-activity in its gated activity", has("a-activity", "started", "gated"));
  await recorder.until("the child in its gated activity", has("a-parent:0002", "started", "gated"));
  for (const id of KINDS) await recorder.until(`${id} beyond its first activity`, has(id, "finished", "before"));
  // A description takes into account all that was received before: here the result of the first activity.
  for (const id of KINDS) expect((await api.state(id)).runtimeStatus).toBe("RUNNING");
}

/** What has to hold for each kind once all have ended. */
export async function expectEnds(api: Api): Promise<void> {
  const chain = ["before done", "gated done", "after done"];
  const expected: Record<(typeof KINDS)[number], unknown> = {
    "a-activity": chain,
    "a-timer": { before: "before done", after: "after done", isEarly: false },
    "a-event": ["before done", "awaited", "buffered", "after done"],
    "a-buffered": ["before done", "awaited", "buffered", "after done"],
    "a-parent": ["before done", chain, "after done"],
  };
  for (const id of KINDS) {
    const state = await api.ended(id);
    expect([id, state.runtimeStatus, outputOf(state)]).toEqual([id, "COMPLETED", expected[id]]);
  }
}

/** Each of them is listed, and nobody else: what is owed to the catalog is told within seconds. */
export async function expectListed(origin: string, ids: readonly string[]): Promise<void> {
  const client = new Client();
  client.up(origin);
  const expected = new Map<string, Row>();
  for (const instanceId of ids) {
    const { status, says = "" } = await askInstance(client, instanceId);
    const { createdAt } = JSON.parse(says);
    expected.set(instanceId, { instanceId, createdAtMs: Date.parse(createdAt), status, says });
  }
  const look = async () => {
    const rows = await listAll(client);
    return typeof rows === "string" ? [rows] : linesOf(differences(rows, expected, () => true));
  };
  const clock = { now: Date.now, delay };
  expect(await untilRight(look, (lines) => lines.length, 10_000, clock)).toEqual([]);
}

/** Once all have been stopped: these instances and no others, all of them completed, and no rule broken. */
export function expectSound(audit: Audit, directory: string, ids: readonly string[]): void {
  const instances = audit.ended(directory);
  expect(audit.violations).toEqual([]);
  expect([...instances.keys()].sort()).toEqual([...ids].sort());
  for (const { instanceId, status } of instances.values())
    expect([instanceId, status]).toEqual([instanceId, "COMPLETED"]);
}
