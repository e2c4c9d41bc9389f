// What the catalog says of the instances, from outside: the rows of its shards on disk, the list over HTTP, and what the instances themselves say.
import { setTimeout as delay } from "node:timers/promises";
import { LEAVING, toStatus } from "../../../src/catalog/store/statuses.ts";
import { isJobId } from "../../../src/model/ids.ts";
import type { Client } from "./client.ts";
import { inCopies, query } from "./database.ts";
import { isOfApi } from "./harness.ts";

export interface Row {
  readonly instanceId: string;
  readonly createdAtMs: number;
  /** "leaving": marked by a purge, and not listed. The shard asks the instance within a minute whether it has gone. */
  readonly status: string;
  /** What else is told of it, where that is known: JSON. */
  readonly says?: string | undefined;
}

/** An instance, as the catalog should have it. */
export type There = Row;

/** What the catalog has wrong, one line for each. */
export interface Differences {
  readonly compared: number;
  /** Instances without a row whose start was acknowledged. */
  readonly missing: readonly string[];
  /** Instances without a row of which nobody was acknowledged: their object died before anybody had an answer. */
  readonly unheard: readonly string[];
  /** Rows without an instance. */
  readonly tooMany: readonly string[];
  /** Rows that say something else than their instance. */
  readonly wrong: readonly string[];
}

/** One row for each instance and no other, of the life that it is in, with its status. */
export function differences(
  rows: readonly Row[],
  instances: ReadonlyMap<string, There>,
  isAcknowledged: (instanceId: string) => boolean,
): Differences {
  const missing: string[] = [];
  const unheard: string[] = [];
  const tooMany: string[] = [];
  const wrong: string[] = [];
  const right = new Map<string, Row>();
  const leaving = new Set<string>();
  for (const row of rows) {
    const { instanceId, createdAtMs, status } = row;
    const instance = instances.get(instanceId);
    if (status === "leaving") leaving.add(instanceId);
    else if (instance === undefined) tooMany.push(`${instanceId} is listed as ${status} and is not there`);
    else if (instance.createdAtMs !== createdAtMs) tooMany.push(`${instanceId} is listed as a life that it is not in`);
    else if (right.has(instanceId)) tooMany.push(`${instanceId} is listed twice`);
    else right.set(instanceId, row);
  }
  for (const { instanceId, status, says } of instances.values()) {
    const row = right.get(instanceId);
    if (row === undefined && leaving.has(instanceId)) wrong.push(`${instanceId} is marked as leaving and is ${status}`);
    else if (row === undefined && isAcknowledged(instanceId))
      missing.push(`${instanceId} was acknowledged and is not listed`);
    else if (row === undefined) unheard.push(`${instanceId} was acknowledged to nobody and is not listed`);
    else if (row.status !== status) wrong.push(`${instanceId} is listed as ${row.status} and is ${status}`);
    else if (row.says !== undefined && says !== undefined && row.says !== says)
      wrong.push(`${instanceId} is listed with ${row.says} and says ${says}`);
  }
  return { compared: rows.length, missing, unheard, tooMany, wrong };
}

export function linesOf({ missing, unheard, tooMany, wrong }: Differences): readonly string[] {
  return [...missing, ...unheard, ...tooMany, ...wrong];
}

/** The rows of all shards, but those of lives that are known to be gone. Nothing may run. */
export function readRows(directory: string): Row[] {
  return inCopies(directory, "WorkflowCatalog", (files) =>
    files.flatMap((file) =>
      query(file, "entry", "SELECT id, created, status FROM entry WHERE status >= -1").map(
        ({ id, created, status }) => ({
          instanceId: String(id),
          createdAtMs: Number(created),
          status: Number(status) === LEAVING ? "leaving" : toStatus(Number(status)),
        }),
      ),
    ),
  );
}

/** How many announcements and ends of lives instances still owe to shards, those that have been purged too. Nothing may run. */
export function countTellings(directory: string): number {
  return inCopies(directory, "WorkflowInstance", (files) =>
    files.reduce((sum, file) => sum + query(file, "telling", "SELECT 1 FROM telling").length, 0),
  );
}

/** What the list and the instance both tell. */
interface Told {
  readonly createdAt: string;
  readonly runtimeStatus: string;
  readonly workflowName?: string;
  readonly lastUpdatedAt?: string;
  readonly endedAt?: string;
  readonly customStatus?: string;
  readonly version?: string;
  readonly parentInstanceID?: string;
  readonly searchAttributes?: Readonly<Record<string, unknown>>;
  readonly failure?: { readonly errorType: string };
}

interface Page {
  readonly workflows: readonly (Told & { readonly instanceID: string })[];
  readonly continuationToken?: string;
  readonly missingShards?: number;
}

/** The fields that a list has of an instance, but its ID and its status. */
function fieldsOf(told: Told): string {
  const { createdAt, workflowName, lastUpdatedAt, endedAt, customStatus, version, parentInstanceID } = told;
  const attributes = Object.entries(told.searchAttributes ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const fields = { createdAt, workflowName, lastUpdatedAt, endedAt, customStatus, version, parentInstanceID };
  return JSON.stringify({ ...fields, attributes, errorType: told.failure?.errorType });
}

/** All pages of the list; text: why there is none. */
export async function listAll(client: Client): Promise<Row[] | string> {
  const rows: Row[] = [];
  for (let token = ""; ; ) {
    const path = `?pageSize=256${token && `&continuationToken=${encodeURIComponent(token)}`}`;
    const answer = await ask(client, path);
    if (answer.status !== 200) return `the list answered ${answer.status}: ${answer.text}`;
    const { workflows, continuationToken, missingShards }: Page = JSON.parse(answer.text);
    if (missingShards !== undefined) return `the list misses ${missingShards} shards`;
    for (const one of workflows)
      rows.push({
        instanceId: one.instanceID,
        createdAtMs: Date.parse(one.createdAt),
        status: one.runtimeStatus,
        says: fieldsOf(one),
      });
    if (continuationToken === undefined) return rows;
    token = continuationToken;
  }
}

const JOBS = "/workflow-jobs/dapr";

/** All bulk jobs, which have a list of their own; text: why there is none. */
export async function listJobs(client: Client): Promise<Row[] | string> {
  const rows: Row[] = [];
  for (let token = ""; ; ) {
    const path = `${JOBS}?pageSize=40${token && `&continuationToken=${encodeURIComponent(token)}`}`;
    const answer = await ask(client, path);
    if (answer.status !== 200) return `the list of jobs answered ${answer.status}: ${answer.text}`;
    const { jobs, continuationToken, missingShards } = JSON.parse(answer.text);
    if (missingShards !== undefined) return "the list of jobs misses its shard";
    for (const { jobID, started, state } of jobs)
      rows.push({ instanceId: jobID, createdAtMs: Date.parse(started), status: state });
    if (continuationToken === undefined) return rows;
    token = continuationToken;
  }
}

/** What the instance itself says; of one that is not there that it is "missing". */
export async function askInstance(client: Client, instanceId: string): Promise<Pick<Row, "status" | "says">> {
  const path = isJobId(instanceId) ? `${JOBS}/${instanceId}` : `${encodeURIComponent(instanceId)}?detail=full`;
  const { status, text } = await ask(client, path);
  if (status === 404) return { status: "missing" };
  if (status !== 200) return { status: `answered with ${status}: ${text}` };
  const told = JSON.parse(text);
  return isJobId(instanceId) ? { status: told.state } : { status: told.runtimeStatus, says: fieldsOf(told) };
}

/** What has not reached the API is sent again. */
async function ask(client: Client, path: string) {
  for (;;) {
    const answer = await client.send("GET", path);
    if (answer !== undefined && (answer.status < 500 || isOfApi(answer.text))) return answer;
    client.refusals++;
    await delay(100);
  }
}

/** Looks again until nothing is wrong, or nothing of it has changed within `quietMs`. */
export async function untilRight<T>(
  look: () => Promise<T>,
  countOf: (found: T) => number,
  quietMs: number,
  clock: { now(): number; delay(ms: number): Promise<void> },
): Promise<T> {
  let least = Number.POSITIVE_INFINITY;
  for (let sinceMs = clock.now(); ; await clock.delay(200)) {
    const found = await look();
    const count = countOf(found);
    if (count < least) [least, sinceMs] = [count, clock.now()];
    if (count === 0 || clock.now() - sinceMs > quietMs) return found;
  }
}
