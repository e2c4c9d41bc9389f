import type { InferOutput } from "valibot";
import type { Definitions } from "../../../src/authoring/definitions.ts";
import type { ShardHealth } from "../../../src/catalog/protocol.ts";
import type { ListedWorkflow } from "../../../src/catalog/reading/list.ts";
import type { JOB_SCHEMAS } from "../../../src/http/openapi/schemas/jobs.ts";
import type { SCHEDULE_SCHEMAS } from "../../../src/http/openapi/schemas/schedules.ts";
import type { STATE_SCHEMAS } from "../../../src/http/openapi/schemas/state.ts";
import type { ListedLimit } from "../../../src/limits/overview.ts";
import type { RuntimeStatus } from "../../../src/model/status.ts";

/* What the API answers, by the types that its document is made from. */

export type { Definitions, ListedLimit, ListedWorkflow, RuntimeStatus, ShardHealth };

export type Detail = InferOutput<(typeof STATE_SCHEMAS)["WorkflowFound"]["options"][1]>;
export type BulkJob = InferOutput<(typeof JOB_SCHEMAS)["BulkJob"]>;
export type Schedule = InferOutput<(typeof SCHEDULE_SCHEMAS)["Schedule"]>;
export type Fire = Schedule["fires"][number];

/** A page of something. `missingShards`: so many parts have not answered. */
export interface ListPage {
  readonly workflows: readonly ListedWorkflow[];
  readonly continuationToken?: string;
  readonly complete?: false;
  readonly missingShards?: number;
}

export interface Count {
  readonly status?: RuntimeStatus;
  readonly name?: string;
  readonly version?: string;
  readonly errorType?: string;
  readonly day?: string;
  readonly count: number;
}

export interface Counts {
  readonly counts: readonly Count[];
  readonly complete?: false;
  readonly missingShards?: number;
}
