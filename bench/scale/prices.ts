// Published prices, in US dollars, beyond what is included, as of November 2026.
import type { Usage } from "./usage.ts";

/** developers.cloudflare.com/durable-objects/platform/pricing and /workers/platform/pricing. */
const MILLION = 1e6;
const WORKER_REQUEST = 0.3 / MILLION;
const OBJECT_REQUEST = 0.15 / MILLION;
/** An object has 128 MB while it is active. */
const ACTIVE_SECOND = (0.128 * 12.5) / MILLION;
const ROW_WRITTEN = 1 / MILLION;
const ROW_READ = 0.001 / MILLION;
const GIGABYTE_MONTH = 0.2;
/** developers.cloudflare.com/workflows/reference/pricing: each step, sleep and wait is a billed step. */
const WORKFLOW_STEP = 0.8 / 100_000;

export type Bill = readonly (readonly [what: string, dollars: number])[];

export function billOf(usage: Usage): Bill {
  return [
    ["requests to the Worker", usage.workerRequests * WORKER_REQUEST],
    ["requests to objects", usage.objectRequests * OBJECT_REQUEST],
    ["time of objects", usage.activeSeconds * ACTIVE_SECOND],
    ["rows written", usage.rowsWritten * ROW_WRITTEN],
    ["rows read", usage.rowsRead * ROW_READ],
    ["storage", (usage.bytesMonths / 1e9) * GIGABYTE_MONTH],
  ];
}

/** Cloudflare Workflows for the same work. Its CPU time, storage and requests come on top; they are small beside the steps. */
export function workflowsBill(steps: number): number {
  return steps * WORKFLOW_STEP;
}

export function totalOf(bill: Bill): number {
  return bill.reduce((sum, [, dollars]) => sum + dollars, 0);
}
