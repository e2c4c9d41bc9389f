import type { SearchAttributes } from "../model/search-attributes.ts";
import type { RuntimeStatus } from "../model/status.ts";
import { INSPECT, inspected } from "./inspection.ts";
import { fromWireStatus, WorkflowRuntimeStatus } from "./runtime-status.ts";
import { type Answer, bodyOf } from "./workflow-api.ts";

/*
 * What lists and counts of all instances give.
 */

/** One of `workflows` in the body of `GET /v1.0/workflows/{component}`. */
export interface WireRow {
  readonly instanceID: string;
  readonly workflowName: string;
  readonly version?: string;
  readonly runtimeStatus: RuntimeStatus;
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
  readonly endedAt?: string;
  readonly customStatus?: string;
  readonly failure?: { readonly errorType: string; readonly message?: string };
  readonly parentInstanceID?: string;
  readonly searchAttributes?: SearchAttributes;
  readonly waitingFor?: string;
  readonly position?: number;
  readonly retrying?: boolean;
}

/** An instance as a list has it: what `getWorkflowState` has that is short, and what it waits for. Texts are at most 256 characters. */
export class WorkflowSummary {
  readonly instanceId: string;
  readonly name: string;
  readonly runtimeStatus: WorkflowRuntimeStatus;
  readonly createdAt: Date;
  readonly lastUpdatedAt: Date;
  readonly endedAt: Date | undefined;
  readonly version: string | undefined;
  readonly customStatus: string | undefined;
  /** Where payloads are encrypted, without the message. */
  readonly failure: { readonly errorType: string; readonly message?: string } | undefined;
  readonly parentInstanceId: string | undefined;
  readonly searchAttributes: SearchAttributes;
  /** `event:approval`, `timer:2026-11-28T10:00:00Z`, `activity:charge`, `child:ID`, `condition`, `limit:NAME`, `start:TIME`. */
  readonly waitingFor: string | undefined;
  /** Where that is a limit: its place in the queue of its key, from 1, as it was when the list was read. */
  readonly position: number | undefined;
  /** An activity has failed and will be tried again. */
  readonly retrying: boolean;

  constructor(row: WireRow) {
    this.instanceId = row.instanceID;
    this.name = row.workflowName;
    this.runtimeStatus = fromWireStatus(row.runtimeStatus);
    this.createdAt = new Date(row.createdAt);
    this.lastUpdatedAt = new Date(row.lastUpdatedAt);
    this.endedAt = row.endedAt === undefined ? undefined : new Date(row.endedAt);
    this.version = row.version;
    this.customStatus = row.customStatus;
    this.failure = row.failure;
    this.parentInstanceId = row.parentInstanceID;
    this.searchAttributes = row.searchAttributes ?? {};
    this.waitingFor = row.waitingFor;
    this.position = row.position;
    this.retrying = row.retrying === true;
  }

  /** Its fields, the status by its name. */
  toJSON(): object {
    return { ...this, runtimeStatus: WorkflowRuntimeStatus[this.runtimeStatus] };
  }
  [INSPECT](depth: number, options: object, inspect?: (value: unknown, options: object) => string): unknown {
    const present = Object.entries(this.toJSON()).filter(([, value]) => value !== undefined);
    return inspected("WorkflowSummary", Object.fromEntries(present), depth, options, inspect);
  }
}

/** One page of a list. There is more, or may be, as long as there is a token. */
export interface WorkflowPage {
  readonly workflows: readonly WorkflowSummary[];
  readonly continuationToken?: string;
  /** False: so few fit that not every instance was looked at. What is further on is behind the token. */
  readonly complete: boolean;
  /** So many shards of the catalog have not answered: what they have is not in this page. */
  readonly missingShards: number;
}

/** What an instance does not have is left out. `day` is that of its creation, in UTC. */
export interface WorkflowCount {
  readonly status?: keyof typeof WorkflowRuntimeStatus;
  readonly name?: string;
  readonly version?: string;
  readonly errorType?: string;
  readonly day?: string;
  readonly count: number;
}

export interface WorkflowCounts {
  /** The greatest first. */
  readonly counts: readonly WorkflowCount[];
  /** False: there are so many instances that not every one was looked at. */
  readonly complete: boolean;
  readonly missingShards: number;
}

/** `deleted`: it is gone, or does not fit the filter any more. */
export type WorkflowChange =
  | { readonly type: "changed"; readonly workflow: WorkflowSummary }
  | { readonly type: "deleted"; readonly instanceId: string };

/** What has changed in a list. */
export interface WorkflowChanges {
  /** In this order; an instance that has changed several times is there once, as it is now. */
  readonly changes: readonly WorkflowChange[];
  /** Where the next answer begins. */
  readonly since: string;
  /** What has changed since that token is not known: read the list anew, then go on with `since`. */
  readonly resync: boolean;
  /** So many shards of the catalog have not answered: what they have comes later. */
  readonly missingShards: number;
}

/** All instances that fit, or page by page. Nothing is asked before it is read, and it may be read several times. */
export class WorkflowList implements AsyncIterable<WorkflowSummary> {
  readonly #ask: (continuationToken: string | undefined) => Promise<WorkflowPage>;
  readonly #from: string | undefined;

  constructor(ask: (continuationToken: string | undefined) => Promise<WorkflowPage>, from: string | undefined) {
    this.#ask = ask;
    this.#from = from;
  }

  /** Rejects when a part of the catalog does not answer: what it has would be missing. */
  async *[Symbol.asyncIterator](): AsyncGenerator<WorkflowSummary, void, undefined> {
    for await (const { workflows, missingShards } of this.asPages()) {
      if (missingShards > 0)
        throw new Error(
          `The list is not whole, because shards of the catalog have not answered (${missingShards}). Ask again, or take what there is with asPages()`,
        );
      yield* workflows;
    }
  }

  /** To the last page, whatever is missing in them. */
  async *asPages(): AsyncGenerator<WorkflowPage, void, undefined> {
    let token = this.#from;
    for (;;) {
      const page = await this.#ask(token);
      yield page;
      // Where nobody answers, the next page is the same again.
      if (page.continuationToken === undefined || page.continuationToken === token) return;
      token = page.continuationToken;
    }
  }
}

/** Stand in an answer only where they say something. */
interface Reach {
  readonly complete?: boolean;
  readonly missingShards?: number;
}

export function pageOf(answer: Answer): WorkflowPage {
  const body = bodyOf(answer, "list", ({ workflows }) => Array.isArray(workflows));
  const { workflows, continuationToken, ...reach } = body as Reach & {
    readonly workflows: readonly WireRow[];
    readonly continuationToken?: string;
  };
  return {
    workflows: workflows.map((row) => new WorkflowSummary(row)),
    ...(continuationToken !== undefined && { continuationToken }),
    ...reachOf(reach),
  };
}

export function countsOf(answer: Answer): WorkflowCounts {
  const body = bodyOf(answer, "counts", ({ counts }) => Array.isArray(counts));
  const { counts, ...reach } = body as Reach & Pick<WorkflowCounts, "counts">;
  return { counts, ...reachOf(reach) };
}

export function changesOf(answer: Answer): WorkflowChanges {
  const isOfChanges = ({ workflows, since }: { readonly [name: string]: unknown }) =>
    Array.isArray(workflows) && typeof since === "string";
  const {
    workflows,
    since,
    resync = false,
    missingShards = 0,
  } = bodyOf(answer, "changes", isOfChanges) as Partial<WorkflowChanges> & {
    readonly workflows: readonly (WireRow | { readonly instanceID: string; readonly deleted: true })[];
    readonly since: string;
  };
  return { changes: workflows.map(changeOf), since, resync, missingShards };
}

function changeOf(row: WireRow | { readonly instanceID: string; readonly deleted: true }): WorkflowChange {
  return "deleted" in row
    ? { type: "deleted", instanceId: row.instanceID }
    : { type: "changed", workflow: new WorkflowSummary(row) };
}

function reachOf({ complete = true, missingShards = 0 }: Reach) {
  return { complete, missingShards };
}
