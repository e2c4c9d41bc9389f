import type { HistoryEvent } from "./wire.ts";

/*
 * "Make a test of this": a file that replays the history of an instance up to an event with the code of the author, and says when that code
 * does something else than it did. It runs as it is, once its one import names the runtime.
 */

export type TestRunner = "node" | "vitest";

export interface TestOf {
  readonly instanceId: string;
  /** In order, from the first. */
  readonly events: readonly HistoryEvent[];
  /** So many of them. */
  readonly count: number;
  readonly runner: TestRunner;
}

export interface TestFile {
  readonly name: string;
  readonly text: string;
  /** How many events it replays: those of a turn are committed together, so that none is cut in two. */
  readonly count: number;
}

export function testFileOf({ instanceId, events, count, runner }: TestOf): TestFile {
  const whole = wholeTurns(events, count);
  const kept = events.slice(0, whole);
  const title = JSON.stringify(`${instanceId} does what it did, up to event ${whole - 1}`);
  const expected = `{ events: ${whole}, state: "${hasEnded(kept) ? "ended" : "waiting"}" }`;
  const lines = [
    `// The history of the workflow instance ${inOneLine(instanceId)}: ${whole} of ${events.length} events.`,
    "// Fails when today's code does something else than the instance did. To renew it, make it again.",
    ...(runner === "node"
      ? ['import assert from "node:assert/strict";', 'import { test } from "node:test";']
      : ['import { expect, test } from "vitest";']),
    'import { replayHistory } from "edge-workflows/testing";',
    "// The runtime at which your workflows are registered.",
    'import { runtime } from "./runtime.ts";',
    "",
    // A text, since stored events may have fields that the types of this version do not know.
    "const history = String.raw`",
    JSON.stringify({ instanceId }),
    ...kept.map((event) => JSON.stringify(event)),
  ].map((line, n, all) => (n > all.length - kept.length - 2 ? raw(line) : line));
  const test =
    runner === "node"
      ? [
          `test(${title}, async () => {`,
          `  assert.deepEqual(await replayHistory(runtime, history), ${expected});`,
          "});",
        ]
      : [
          `test(${title}, async () => {`,
          `  expect(await replayHistory(runtime, history)).toEqual(${expected});`,
          "});",
        ];
  const name = `${instanceId.replace(/[^A-Za-z0-9_-]/g, "_")}.test.ts`;
  return { name, text: [...lines, "`;", "", ...test, ""].join("\n"), count: whole };
}

/** JSON within String.raw: what would end it or begin an expression is written as JSON's own escape. */
function raw(json: string): string {
  return json.replaceAll("`", "\\u0060").replaceAll("${", "\\u0024{");
}

/** JSON leaves these two as they are, and both end a comment. */
function inOneLine(text: string): string {
  return JSON.stringify(text).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

/** Up to the end of the turn in which it is cut: its events have one time, and the next turn begins with something new to the code. */
function wholeTurns(events: readonly HistoryEvent[], count: number): number {
  let end = Math.max(1, Math.min(count, events.length));
  while (end < events.length && isAskedByCode(events[end] as HistoryEvent)) end++;
  return end;
}

const ASKED: ReadonlySet<HistoryEvent["type"]> = new Set([
  "TaskScheduled",
  "TimerCreated",
  "ChildWorkflowInstanceCreated",
  "DetachedWorkflowScheduled",
  "EventSent",
  "ChildCancelRequested",
  "ChildEventSent",
  "PatchRecorded",
  "UpdateCompleted",
  "UpdateFailed",
  "ExecutionStalled",
  "ExecutionCompleted",
]);

/** What code does stands behind what it was told, in the same turn. */
function isAskedByCode({ type }: HistoryEvent): boolean {
  return ASKED.has(type);
}

function hasEnded(events: readonly HistoryEvent[]): boolean {
  const last = events.findLast(({ type }) => type === "ExecutionCompleted" || type === "ExecutionRewound");
  return last?.type === "ExecutionCompleted";
}
