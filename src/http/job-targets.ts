import { readFilter } from "../catalog/query/parameters.ts";
import { type ListedWorkflow, readList } from "../catalog/reading/list.ts";
import { type Page, readPage } from "../catalog/reading/page.ts";
import type { JobTargets } from "../jobs/job.ts";
import { isJobId } from "../model/ids.ts";
import { formatTime } from "../model/time.ts";
import type { JobBody } from "./bodies.ts";
import type { Call } from "./call.ts";
import { mayReach } from "./caller.ts";
import { catalogFor, refusing } from "./catalog.ts";
import type { HttpDeps } from "./deps.ts";
import { bodyMalformed, operationFailed } from "./errors.ts";
import { callInstance } from "./instance-call.ts";

/*
 * Whom a bulk job is about, before it begins: how many, and who the first are.
 */

export interface Matched {
  readonly matched: number;
  /** `false`: there are more instances than can be looked at for an answer. */
  readonly complete?: false | undefined;
}

const SAMPLES = 20;
/** Where the newest rows are counted and there are older ones: so many pages are looked at for the others. */
const MOST_PAGES = 5;
const PAGE_SIZE = 1_024;

/** Of them, those that the caller may reach: to a token with a prefix the others are not there. */
export function targetsIn({ instanceIDs, filter }: JobBody, call: Call): JobTargets {
  if ((instanceIDs === undefined) === (filter === undefined))
    throw bodyMalformed(
      `either instanceIDs or filter says whom the job is about, found ${filter ? "both" : "neither"}`,
    );
  if (instanceIDs !== undefined)
    return { instanceIds: [...new Set(instanceIDs)].filter((instanceId) => mayReach(call, instanceId)) };
  const parameters = Object.entries(filter ?? {}).map(([name, value]) => [name, String(value)]);
  return narrowed(Object.fromEntries(parameters), call.caller?.prefix);
}

/** The job keeps the filter as the parameters of a list, so what it may reach stands among them. */
function narrowed(filter: Readonly<Record<string, string>>, prefix: string | undefined): JobTargets {
  if (prefix === undefined) return { filter };
  const { idPrefix = "" } = filter;
  if (idPrefix.startsWith(prefix)) return { filter };
  return prefix.startsWith(idPrefix) ? { filter: { ...filter, idPrefix: prefix } } : { instanceIds: [] };
}

export async function countTargets(targets: JobTargets, call: Call, deps: HttpDeps): Promise<Matched> {
  if ("instanceIds" in targets) return { matched: targets.instanceIds.length };
  const catalog = catalogFor("job", call, deps);
  const filter = await refusing(async () => readFilter(targets.filter));
  const answer = await readList({ type: "count", filter, by: [] }, catalog);
  checkReached(answer.missingShards);
  const counted = "counts" in answer ? answer.counts.reduce((sum, { count }) => sum + count, 0) : 0;
  if (answer.complete !== false) return { matched: counted };
  let seen = 0;
  let continuationToken: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const page: Page = await readPage(
      { type: "page", filter, order: "desc", pageSize: PAGE_SIZE, continuationToken },
      catalog,
    );
    checkReached(page.missingShards);
    seen += page.entries.length;
    continuationToken = page.continuationToken;
    if (continuationToken === undefined) return { matched: seen };
  }
  return { matched: Math.max(counted, seen), complete: false };
}

/** The first of them, as a list has them, or as far as they are there. */
export async function sampleOf(
  targets: JobTargets,
  call: Call,
  deps: HttpDeps,
): Promise<readonly Partial<ListedWorkflow>[]> {
  if ("filter" in targets) {
    const filter = await refusing(async () => readFilter(targets.filter));
    const query = { type: "page", filter, order: "desc", pageSize: SAMPLES } as const;
    const answer = await readList(query, catalogFor("job", call, deps));
    return "workflows" in answer ? answer.workflows : [];
  }
  const first = targets.instanceIds.filter((id) => !isJobId(id)).slice(0, SAMPLES);
  const samples = await Promise.all(first.map((id) => describe(id, call, deps)));
  return samples.filter((sample) => sample !== undefined);
}

async function describe(instanceId: string, call: Call, deps: HttpDeps): Promise<Partial<ListedWorkflow> | undefined> {
  const target = { operation: "job", instanceId, subject: instanceId } as const;
  const found = await callInstance(call, deps, target, (instance) => instance.describe({ payloads: false }));
  return (
    found && {
      instanceID: instanceId,
      workflowName: found.name,
      runtimeStatus: found.status,
      createdAt: formatTime(found.createdAtMs),
      lastUpdatedAt: formatTime(found.lastUpdatedAtMs),
    }
  );
}

function checkReached(missingShards: number | undefined): void {
  if (missingShards === undefined || missingShards === 0) return;
  throw operationFailed(
    "job",
    "",
    `${missingShards} shard(s) of the catalog do not answer, so nothing was begun; send it again`,
  );
}
