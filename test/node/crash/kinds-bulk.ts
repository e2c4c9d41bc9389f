// Bulk jobs: one operation, asked of a group of instances by their IDs or by a filter. A job takes some seconds, so that most of them are
// killed in the middle; each target is hit as promised, and the job's figures are right in the end.
import { isDeepStrictEqual } from "node:util";
import { rerunId } from "../../../src/jobs/call-instance.ts";
import { type JobInput, NOTHING_DONE, readJob } from "../../../src/jobs/job.ts";
import { isJobId } from "../../../src/model/ids.ts";
import type { StoredInstance } from "./database.ts";
import { done, expectOutput, expectRuns, expectStatus, type Kind } from "./kind.ts";
import type { End, Subject } from "./subject.ts";

const TARGETS = 5;
/** Two calls a second: three batches. */
const RPS = 2;

const targetsOf = ({ id }: Subject) => Array.from({ length: TARGETS }, (_, n) => `${id}-t${n}`);

interface Group {
  readonly operation: "terminate" | "purge" | "rerun" | "raise";
  /** What the targets are. */
  readonly workflow: string;
  readonly input?: unknown;
  /** When one can be called. */
  ready(subject: Subject, instanceId: string): Promise<void>;
  /** Fields of the job. */
  readonly fields?: object;
  after?(subject: Subject, instanceId: string): Promise<void>;
  readonly isPurged?: boolean;
  checkTarget(subject: Subject, instanceId: string, end: End, jobs: readonly Job[], all: Stored): void;
}

type Stored = ReadonlyMap<string, StoredInstance>;
interface Job extends JobInput {
  readonly jobId: string;
  readonly status: string;
}

async function startGroup(subject: Subject, { workflow, input, ready }: Group): Promise<void> {
  const start = async (instanceId: string) => {
    await subject.start(`&attr.group=${subject.id}`, { instanceId, workflow, input });
    await ready(subject, instanceId);
  };
  await Promise.all(targetsOf(subject).map(start));
}

async function runJob(subject: Subject, { operation, fields }: Group): Promise<void> {
  const byFilter = subject.stage.hasCatalog && subject.random.below(2) === 0;
  // What reruns make has the attributes of its source.
  const filter = { "attr.group": subject.id, idPrefix: `${subject.id}-t` };
  const asked = { operation, ...fields, rps: RPS, confirm: TARGETS, reason: subject.id };
  if (byFilter) await subject.listed(new URLSearchParams(filter).toString(), targetsOf(subject));
  const targets = byFilter ? { filter } : { instanceIDs: targetsOf(subject) };
  await subject.job({ ...asked, ...targets });
}

/** Those that have begun, also those of which the answer was lost. */
function jobsOf(subject: Subject, stored: Stored): Job[] {
  return [...stored.values()].flatMap(({ instanceId, status, history, customStatus }) => {
    if (!isJobId(instanceId)) return [];
    const job = readJob(history[0]?.payload ?? undefined, customStatus);
    return job?.call.reason === subject.id ? [{ ...job, jobId: instanceId, status }] : [];
  });
}

function checkJob(subject: Subject, { operation }: Group, job: Job, isOnlyOne: boolean): void {
  const { jobId, status, matched, progress } = job;
  const { done: hit, failed, skipped, failures } = progress;
  const found = `${status}, ${matched} matched, ${JSON.stringify(progress)}`;
  if (status !== "COMPLETED") return subject.violation("lost", `${jobId}: ${found}`);
  // Of two that purge the same at once, one finds less.
  const isRight =
    operation === "purge" && !isOnlyOne
      ? hit + failed + skipped <= TARGETS &&
        failures.every(({ error }) => error.startsWith("there was no such instance"))
      : matched === TARGETS && isDeepStrictEqual(progress, { ...NOTHING_DONE, done: TARGETS });
  if (!isRight) subject.violation("wrong", `${jobId}: ${found}`);
}

function bulk(group: Group): Kind {
  const { operation, workflow, after, isPurged = false } = group;
  return {
    name: `bulk ${operation}`,
    workflow,
    isPurged,
    play: async (subject) => {
      await startGroup(subject, group);
      subject.mayBeGone = isPurged;
      await runJob(subject, group);
      await Promise.all(targetsOf(subject).map((instanceId) => after?.(subject, instanceId)));
    },
    check: (subject, endOf, stored) => {
      const jobs = jobsOf(subject, stored);
      if (!subject.jobs.every((id) => jobs.some(({ jobId }) => jobId === id)))
        subject.violation("lost", `the job ${subject.jobs} was acknowledged and is not there`);
      for (const job of jobs) checkJob(subject, group, job, jobs.length === 1);
      for (const id of targetsOf(subject)) group.checkTarget(subject, id, endOf(id), jobs, stored);
    },
  };
}

const ENDED = async (subject: Subject, instanceId: string) => {
  await subject.seen("finished", "last", instanceId);
  await subject.ended(instanceId);
};

export const BULK_KINDS: readonly Kind[] = [
  bulk({
    operation: "terminate",
    workflow: "sleeper",
    ready: (subject, instanceId) => subject.seen("finished", "first", instanceId),
    checkTarget: (subject, instanceId, end) => expectStatus(subject, instanceId, end, "TERMINATED"),
  }),
  bulk({
    operation: "purge",
    workflow: "chain",
    input: 0,
    isPurged: true,
    ready: ENDED,
    after: (subject, instanceId) => subject.isGone(instanceId),
    checkTarget: (subject, instanceId, end) => expectStatus(subject, instanceId, end, "missing"),
  }),
  bulk({
    operation: "rerun",
    workflow: "chain",
    input: 1,
    fields: { eventID: 2 },
    ready: ENDED,
    checkTarget: (subject, instanceId, end, jobs, stored) => {
      expectOutput(subject, end, done("chain", 1));
      const made = [...stored.values()].filter(({ history: [first] }) => {
        const of = first?.detail.rerunOf as { instanceId?: string } | undefined;
        return of?.instanceId === instanceId;
      });
      const ids = made.map((instance) => instance.instanceId).sort();
      const expected = jobs.map(({ jobId }) => rerunId({ jobId, instanceId })).sort();
      if (!isDeepStrictEqual(ids, expected))
        subject.violation(ids.length < expected.length ? "lost" : "twice", `reruns of ${instanceId}: ${ids}`);
      for (const { instanceId: id, status } of made) {
        if (status !== "COMPLETED") subject.violation("lost", `${id}, a rerun of ${instanceId}, is ${status}`);
        expectRuns(subject, id, ["last"]);
      }
    },
  }),
  bulk({
    operation: "raise",
    workflow: "collect",
    input: {},
    fields: { eventName: "item", payload: "from a job" },
    ready: async () => undefined,
    after: async (subject, instanceId) => {
      await subject.signal("item", "stop", instanceId);
      await subject.seen("finished", "last", instanceId);
    },
    checkTarget: (subject, instanceId, { status, output }, jobs) => {
      expectStatus(subject, instanceId, { status, output, history: [] }, "COMPLETED");
      const got = Array.isArray(output) ? output.length : 0;
      if (got < 1) subject.violation("lost", `${instanceId} has not got the job's event`);
      if (got > jobs.length) subject.violation("twice", `${instanceId} has got ${got} events of ${jobs.length} jobs`);
    },
  }),
];
