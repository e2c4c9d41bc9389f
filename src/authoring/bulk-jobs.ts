import type { EventDeclaration } from "../engine/declarations.ts";
import { nameOf } from "../engine/names.ts";
import type { Payloads } from "../engine/payload.ts";
import type { Any } from "../engine/signatures.ts";
import {
  aBoolean,
  aNumber,
  anObject,
  aString,
  oneOf,
  optionsOf,
  rangeRule,
  required,
  typeRule,
} from "../model/options.ts";
import type { RuntimeStatus } from "../model/status.ts";
import { fromWireStatus, type WorkflowRuntimeStatus } from "./runtime-status.ts";
import { type Answer, bodyOf } from "./workflow-api.ts";
import { filterOptions, queryOf, type WorkflowFilter } from "./workflow-filter.ts";
import { type WireRow, WorkflowSummary } from "./workflow-list.ts";

/*
 * Bulk jobs as the client has them: one operation, asked of many instances.
 */

const OPERATIONS = ["terminate", "cancel", "pause", "resume", "purge", "raise", "rewind", "rerun", "restart"] as const;
export type BulkOperation = (typeof OPERATIONS)[number];

/** What is asked, and of whom: `instanceIds` or `filter`. */
export interface BulkJobOptions {
  readonly operation: BulkOperation;
  /** At most 10,000. */
  readonly instanceIds?: readonly string[] | null | undefined;
  /** `{}` is every instance. Needs the catalog. */
  readonly filter?: WorkflowFilter | null | undefined;
  /** How many may match at most; the job is refused otherwise. More than 1,000 are called only with it. */
  readonly confirm?: number | null | undefined;
  /** How many a second are called at most, 1 to 1,000. Default 50. */
  readonly rps?: number | null | undefined;
  /** Why, in at most 1,000 characters: it stands in the history of each, of a purge in the log. */
  readonly reason?: string | null | undefined;
  /** Of terminate: any JSON value. */
  readonly output?: unknown;
  /** Of terminate and purge: spares the children. Default false. */
  readonly nonRecursive?: boolean | null | undefined;
  /** Of purge: also those that have not ended. Default false. */
  readonly force?: boolean | null | undefined;
  /** Of raise. */
  readonly event?: string | EventDeclaration<Any> | null | undefined;
  /** Of raise: any JSON value. */
  readonly eventPayload?: unknown;
  /** Of rerun: the number of the call that is made again. Default: from the beginning. */
  readonly eventId?: number | null | undefined;
  /** Of rerun: in place of the input of that call, or of the workflow. */
  readonly input?: unknown;
}

/** What a job would do. */
export interface BulkJobPreview {
  /** How many instances match. */
  readonly matched: number;
  /** False: there are too many instances to look at all of them; at least so many match. */
  readonly complete: boolean;
  /** The first 20, as far as they are there. */
  readonly samples: readonly WorkflowSummary[];
}

/** How far a job has come. */
export interface BulkJob {
  readonly jobId: string;
  readonly state: WorkflowRuntimeStatus;
  readonly operation: BulkOperation;
  readonly reason?: string;
  /** Who has begun it, where the server knows: the name of the token. */
  readonly actor?: string;
  /** The parameters of the list. */
  readonly filter?: Readonly<Record<string, string>>;
  /** How many there were when it began. */
  readonly matched: number;
  readonly done: number;
  readonly failed: number;
  /** They fitted the filter, and were not there any more. */
  readonly skipped: number;
  /** The first 100. */
  readonly failures: readonly { readonly instanceId: string; readonly error: string }[];
  readonly started: Date;
  readonly ended?: Date;
  /** When it will have ended, at its pace so far. */
  readonly eta?: Date;
  /** Why it has failed, or does not go on. */
  readonly error?: string;
}

/** There are more, or may be, as long as there is a token. */
export interface BulkJobPage {
  readonly jobs: readonly BulkJob[];
  readonly continuationToken?: string;
}

export interface BulkJobPageOptions {
  /** 1 to 40. Default 20. */
  readonly pageSize?: number | null | undefined;
  /** That of the page before. */
  readonly continuationToken?: string | null | undefined;
}

const anything = typeRule("any value", () => true);
const isWhole = (least: number, most: number) => (value: number) =>
  Number.isInteger(value) && value >= least && value <= most;

export const bulkJobOptions = optionsOf<BulkJobOptions>({
  operation: required(oneOf(...OPERATIONS)),
  instanceIds: rangeRule(
    "a list of IDs",
    (value) => Array.isArray(value) && value.every((id) => typeof id === "string" && id !== ""),
  ),
  filter: anObject(filterOptions),
  confirm: aNumber("a whole number from 0", (value) => Number.isInteger(value) && value >= 0),
  rps: aNumber("a number from 1 to 1000", (value) => value >= 1 && value <= 1_000),
  reason: aString,
  output: anything,
  nonRecursive: aBoolean,
  force: aBoolean,
  event: typeRule("the name of an event, or its declaration", (value) => ["string", "object"].includes(typeof value)),
  eventPayload: anything,
  eventId: aNumber("a whole number from 0", (value) => Number.isInteger(value) && value >= 0),
  input: anything,
});
export const bulkJobPageOptions = optionsOf<BulkJobPageOptions>({
  pageSize: aNumber("a whole number from 1 to 40", isWhole(1, 40)),
  continuationToken: aString,
});

/** The body of the request. Payloads are JSON already. */
export function jobBodyOf(options: Partial<BulkJobOptions>, payloads: Payloads, dryRun: boolean): string {
  const { instanceIds, filter, output, event, eventPayload, eventId, input, ...same } = options;
  const name = event == null ? undefined : nameOf(event);
  const fields: Record<string, string | undefined> = {
    output: output === undefined ? undefined : payloads.encode(output, "output", "terminateWorkflow", "many"),
    input: input === undefined ? undefined : payloads.encode(input, "input", "workflow", "many"),
    payload: eventPayload === undefined ? undefined : payloads.encode(eventPayload, "payload", "event", name ?? ""),
  };
  const plain = {
    ...same,
    instanceIDs: instanceIds,
    filter: filter == null ? undefined : queryOf(filter),
    eventName: name,
    eventID: eventId,
    dryRun: dryRun || undefined,
  };
  for (const [key, value] of Object.entries(plain))
    if (value !== null && value !== undefined) fields[key] = JSON.stringify(value);
  const written = Object.entries(fields).flatMap(([key, text]) => (text === undefined ? [] : `"${key}":${text}`));
  return `{${written.join()}}`;
}

export function jobIdIn(answer: Answer): string {
  const body = bodyOf(answer, "bulk job", ({ jobID }) => typeof jobID === "string");
  return (body as { readonly jobID: string }).jobID;
}

export function previewOf(answer: Answer): BulkJobPreview {
  const body = bodyOf(answer, "dry run", ({ samples }) => Array.isArray(samples));
  const {
    matched,
    complete = true,
    samples,
  } = body as {
    readonly matched: number;
    readonly complete?: boolean;
    readonly samples: readonly WireRow[];
  };
  return { matched, complete, samples: samples.map((row) => new WorkflowSummary(row)) };
}

export function jobOf(answer: Answer): BulkJob {
  return readJob(bodyOf(answer, "bulk job", ({ jobID }) => typeof jobID === "string") as WireJob);
}

export function jobPageOf(answer: Answer): BulkJobPage {
  const body = bodyOf(answer, "list of bulk jobs", ({ jobs }) => Array.isArray(jobs));
  const { jobs, continuationToken } = body as {
    readonly jobs: readonly WireJob[];
    readonly continuationToken?: string;
  };
  return { jobs: jobs.map(readJob), ...(continuationToken !== undefined && { continuationToken }) };
}

type WireJob = Omit<BulkJob, "jobId" | "state" | "failures" | "started" | "ended" | "eta"> & {
  readonly jobID: string;
  readonly state: RuntimeStatus;
  readonly failures?: readonly { readonly instanceID: string; readonly error: string }[];
  readonly started: string;
  readonly ended?: string;
  readonly eta?: string;
};

function readJob({ jobID, state, failures = [], started, ended, eta, ...same }: WireJob): BulkJob {
  return {
    jobId: jobID,
    state: fromWireStatus(state),
    ...same,
    failures: failures.map(({ instanceID, error }) => ({ instanceId: instanceID, error })),
    started: new Date(started),
    ...(ended !== undefined && { ended: new Date(ended) }),
    ...(eta !== undefined && { eta: new Date(eta) }),
  };
}
