// What the catalog says of the instances, from outside: the rows of its shards on disk, the list over HTTP, and what the instances themselves say.
import { setTimeout as delay } from "node:timers/promises";
import { LEAVING, toStatus } from "../../../src/catalog/store/statuses.ts";
import type { Client } from "./client.ts";
import { inCopies, query, type StoredInstance } from "./database.ts";
import { isOfApi } from "./harness.ts";

export interface Row {
  readonly instanceId: string;
  readonly createdAtMs: number;
  /** "leaving": marked by a purge, and not listed. The shard asks the instance within a minute whether it has gone. */
  readonly status: string;
}

/** An instance, as the catalog should have it. */
export type There = Pick<StoredInstance, "instanceId" | "createdAtMs" | "status">;

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
  for (const { instanceId, status } of instances.values()) {
    const row = right.get(instanceId);
    if (row === undefined && leaving.has(instanceId)) wrong.push(`${instanceId} is marked as leaving and is ${status}`);
    else if (row === undefined && isAcknowledged(instanceId))
      missing.push(`${instanceId} was acknowledged and is not listed`);
    else if (row === undefined) unheard.push(`${instanceId} was acknowledged to nobody and is not listed`);
    else if (row.status !== status) wrong.push(`${instanceId} is listed as ${row.status} and is ${status}`);
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

interface Page {
  readonly workflows: readonly {
    readonly instanceID: string;
    readonly createdAt: string;
    readonly runtimeStatus: string;
  }[];
  readonly continuationToken?: string;
  readonly missingShards?: number;
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
    for (const { instanceID, createdAt, runtimeStatus } of workflows)
      rows.push({ instanceId: instanceID, createdAtMs: Date.parse(createdAt), status: runtimeStatus });
    if (continuationToken === undefined) return rows;
    token = continuationToken;
  }
}

/** What the instance itself says; of one that is not there "missing". */
export async function statusOf(client: Client, instanceId: string): Promise<string> {
  const { status, text } = await ask(client, `${encodeURIComponent(instanceId)}`);
  if (status === 404) return "missing";
  return status === 200 ? JSON.parse(text).runtimeStatus : `answered with ${status}: ${text}`;
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
