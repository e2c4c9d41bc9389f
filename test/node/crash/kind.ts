// What a kind of instances is, and what several kinds do alike.
import { isDeepStrictEqual } from "node:util";
import type { StoredInstance } from "./database.ts";
import type { End, Subject } from "./subject.ts";

export interface Kind {
  readonly name: string;
  readonly workflow: string;
  readonly input?: unknown;
  /** What its callers do until it has ended. */
  play(subject: Subject): Promise<void>;
  /** In the end nothing may be left of it. */
  readonly isPurged?: boolean;
  check(subject: Subject, endOf: (instanceId: string) => End, stored: ReadonlyMap<string, StoredInstance>): void;
}

export const done = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}-${i} done`);

export async function startAndWatch(subject: Subject): Promise<void> {
  await subject.start();
  await subject.seen("finished", "last");
}

export function outputs(expected: unknown): Kind["check"] {
  return (subject, endOf) => expectOutput(subject, endOf(subject.id), expected);
}

export function expectOutput(subject: Subject, end: End, expected: unknown): void {
  const { status, output } = end;
  if (status === "COMPLETED" && isDeepStrictEqual(output, expected)) return;
  const found = JSON.stringify({ status, output });
  subject.violation("wrong", `ended as ${found}, expected the output ${JSON.stringify(expected)}`);
}

/** Of what was asked for twice, under one ID. */
export function expectOnce(subject: Subject, { history }: End, type: string): void {
  const found = history.filter((event) => event.type === type).length;
  if (found !== 1) subject.violation(found === 0 ? "lost" : "twice", `${found} times ${type} in a history`);
}

export function expectStatus(subject: Subject, instanceId: string, end: End, expected: string): void {
  if (end.status !== expected) subject.violation("wrong", `${instanceId} is ${end.status}, expected ${expected}`);
}

/** The activities that have run to their end in this instance. */
export function expectRuns(subject: Subject, instanceId: string, expected: readonly string[]): void {
  const reports = subject.stage.recorder.of(instanceId).filter(({ phase }) => phase === "finished");
  const found = [...new Set(reports.map(({ label }) => label))].sort();
  if (!isDeepStrictEqual(found, [...expected].sort()))
    subject.violation("wrong", `in ${instanceId} there ran ${found}, expected ${expected}`);
}
