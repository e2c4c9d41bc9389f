import { CATALOG_MISSING } from "../catalog/binding.ts";
import { FilterError } from "../catalog/query/condition.ts";
import { readParameters } from "../catalog/query/parameters.ts";
import { type ListedWorkflow, readHealth, readList } from "../catalog/reading/list.ts";
import { rebuild } from "../catalog/rebuild.ts";
import { withPositions } from "../limits/overview.ts";
import { noteAsked } from "./asked.ts";
import { CATALOG_REBUILD } from "./bodies.ts";
import type { Call } from "./call.ts";
import { mayReach } from "./caller.ts";
import type { HttpDeps } from "./deps.ts";
import { catalogNotConfigured, malformed, type Operation, operationFailed } from "./errors.ts";
import { notReady } from "./instance-call.ts";
import { checkAppId } from "./instance-id.ts";
import { readJsonBody } from "./json-body.ts";
import { json, type Reply } from "./replies.ts";

/*
 * What is asked of all instances together, which the catalog knows: lists, counts, changes, and how it is itself. All of it is ours. The
 * component is a part of the path, as everywhere, and filters nothing.
 */

/**
 * `GET /v1.0/workflows/{component}[?…]`: 200 and a page, the newest first; counts with `countBy`, changes with `since`. `complete`, `missingShards`
 * and a token stand there only where they say something.
 */
export async function listWorkflows(call: Call, deps: HttpDeps): Promise<Reply> {
  const catalog = catalogFor("list", call, deps);
  const read = () => readList({ ...readParameters(filtersOf(call)), within: call.caller?.prefix }, catalog);
  const answer = await refusing(async () => read());
  if (!("workflows" in answer)) return json(200, answer);
  return json(200, { ...answer, workflows: await withPositions<Listed>(answer.workflows, deps.limits) });
}

/** A row, or that one is gone. */
type Listed = Pick<ListedWorkflow, "instanceID" | "waitingFor">;

/** `GET /v1.0/workflow-catalog/{component}`: 200 and each shard with its rows, and how long what they tell was on its way. */
export async function getCatalog(call: Call, deps: HttpDeps): Promise<Reply> {
  return json(200, await readHealth(catalogFor("catalog", call, deps)));
}

/**
 * `POST /v1.0/workflow-catalog/{component}/rebuild`, `{"instanceIDs":[…]}`: each of them is asked, and announced if it is there. It may be sent
 * again, all of it or what has failed.
 */
export async function rebuildCatalog(call: Call, deps: HttpDeps): Promise<Reply> {
  const catalog = catalogFor("catalog", call, deps);
  const fields = await readJsonBody(call, deps, CATALOG_REBUILD);
  const problem = notReady(deps);
  if (problem !== undefined) throw operationFailed("catalog", "", problem);
  noteAsked(call, fields);
  const reached = fields.instanceIDs.filter((id) => mayReach(call, id));
  const { present, absent, failed } = await rebuild(reached, catalog);
  return json(200, { announced: present, missing: absent + fields.instanceIDs.length - reached.length, failed });
}

export function catalogFor(operation: Operation, call: Call, deps: HttpDeps) {
  checkAppId(call, deps, { operation, instanceId: "", subject: "" });
  if (deps.catalog === undefined) throw catalogNotConfigured(deps.withoutCatalog ?? CATALOG_MISSING);
  return deps.catalog;
}

function* filtersOf({ searchParams }: Call): Iterable<[string, string]> {
  for (const pair of searchParams) if (pair[0] !== "appID") yield pair;
}

export async function refusing<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof FilterError) throw malformed(error.message);
    throw error;
  }
}
