// Who may do what: each route of the table with each role, and with tokens that know of some instances only.
import { describe, expect, it } from "vitest";
import { ROLES, type Role } from "../../../src/http/role.ts";
import { ROUTES, type Route, type Table } from "../../../src/http/routes.ts";
import type { ApiToken } from "../../../src/http/tokens.ts";
import type { InstanceDescription, StartRequest } from "../../../src/instance/protocol.ts";
import type { JobInput } from "../../../src/jobs/job.ts";
import { JOBS_SHARD } from "../../../src/model/catalog-shards.ts";
import { sha256 } from "../../../src/model/sha256.ts";
import { announce, DAY, entry, openShard, shardsOf, tell } from "../catalog/support.ts";
import { answering, type Catalog, catalogOf } from "./catalog-support.ts";
import { schedulesOf } from "./schedule-support.ts";
import { Api, RUNNING, read } from "./support.ts";

type Operation = keyof Table;

/** The contract, word by word; the table is held against it. */
const NEEDED: { readonly [O in Operation]: Role } = {
  startWorkflow: "starter",
  startSeedWorkflow: "starter",
  raiseEvent: "starter",
  updateWorkflow: "starter",
  terminateWorkflow: "operator",
  pauseWorkflow: "operator",
  resumeWorkflow: "operator",
  cancelWorkflow: "operator",
  rerunWorkflow: "operator",
  restartWorkflow: "operator",
  rewindWorkflow: "operator",
  changeVersion: "operator",
  startBulkJob: "operator",
  cancelBulkJob: "operator",
  createSchedule: "operator",
  putSchedule: "operator",
  changeSchedule: "operator",
  deleteSchedule: "operator",
  triggerSchedule: "operator",
  pauseSchedule: "operator",
  resumeSchedule: "operator",
  backfillSchedule: "operator",
  purgeWorkflow: "admin",
  rebuildCatalog: "admin",
  getWorkflow: "viewer",
  getSeedWorkflow: "viewer",
  queryWorkflow: "viewer",
  getHistory: "viewer",
  getTimeline: "viewer",
  getEvents: "viewer",
  listWorkflows: "viewer",
  getCatalog: "viewer",
  getMetrics: "viewer",
  listDefinitions: "viewer",
  listLimits: "viewer",
  listBulkJobs: "viewer",
  getBulkJob: "viewer",
  listSchedules: "viewer",
  getSchedule: "viewer",
  previewSchedule: "viewer",
  previewNewSchedule: "viewer",
  getMetadata: "viewer",
  getHealth: "viewer",
  getOutboundHealth: "viewer",
};

const JOB = "bulk:00000000-0000-4000-8000-000000000001";
const BODIES: { readonly [O in Operation]?: string } = {
  startSeedWorkflow: "{}",
  changeVersion: '{"version":"2"}',
  rebuildCatalog: '{"instanceIDs":["acme-1","other-1"]}',
  startBulkJob: '{"operation":"pause","instanceIDs":["acme-1","other-1"]}',
  createSchedule: '{"id":"acme-1","workflowName":"w","interval":"1h"}',
  putSchedule: '{"workflowName":"w","interval":"1h"}',
  backfillSchedule: '{"from":"2026-01-01T00:00:00Z","to":"2026-01-01T01:00:00Z"}',
  previewNewSchedule: '{"interval":"1h"}',
};

function token(name: string, role: Role, more: Partial<ApiToken> = {}): ApiToken {
  return { name, role, hash: sha256(`secret of ${name}`), ...more };
}
const TOKENS: readonly ApiToken[] = [
  ...ROLES.map((role) => token(role, role)),
  ...ROLES.map((role) => token(`acme-${role}`, role, { prefix: "acme-" })),
];
const as = (name: string) => ({ "dapr-api-token": `secret of ${name}` });

/** Writes down that a shard is asked. */
function watched(catalog: Catalog, asked: string[]): Catalog {
  const shard = (name: string) => {
    asked.push(name);
    return catalog.shard(name);
  };
  return { ...catalog, shard: shard as Catalog["shard"] };
}

interface Sent {
  readonly id?: string;
  readonly query?: string;
  readonly body?: string | undefined;
  readonly state?: InstanceDescription | undefined;
}

async function send(route: Route, name: string, { id = "acme-1", query = "", body, state = RUNNING }: Sent = {}) {
  const asked: string[] = [];
  const catalog = watched(
    catalogOf({ entries: [entry("acme-1"), entry("other-1")], instances: { "acme-1": { type: "absent" } } }),
    asked,
  );
  const api = new Api({ tokens: TOKENS, catalog, schedules: schedulesOf() });
  api.answers.state = { ...state, name: "x" };
  api.answers.history = { events: [], hasMore: false };
  api.answers.timeline = { executionId: "e", bars: [], isTruncated: false };
  const isJob = route.path.includes("workflow-jobs");
  const path = route.path
    .replace(":component", "dapr")
    .replace(":id", encodeURIComponent(isJob ? JOB : id))
    .replace(/:\w+/g, "x");
  // A start names its instance in the query, where the path has none.
  const named = route.path.endsWith("/:name/start") ? `?instanceID=${id}` : "?";
  const target = `${route.method} https://edge.example.com${path}${named}${query}`;
  const response = await api.send(target, body ?? BODIES[route.operation as Operation], as(name));
  const text = response.headers.get("content-type") === "text/event-stream" ? "" : await response.text();
  return { status: response.status, text, calls: api.calls, asked, log: api.log };
}

const isProbe = (route: Route) => route.path.startsWith("/v1.0/healthz");
const all = ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const);
const guarded = all.filter(([, route]) => !isProbe(route));

describe("[H161] each route with each role", () => {
  it("[H161] the table is the contract: every GET for viewers, the rest as it is written", () => {
    for (const { operation, role, method } of ROUTES) {
      expect([operation, role]).toEqual([operation, NEEDED[operation as Operation]]);
      if (method === "GET") expect([operation, role]).toEqual([operation, "viewer"]);
    }
  });

  it.each(guarded)(
    "[H161] %s is open to its role and those above, and 403 names it to the others",
    async (_, route) => {
      for (const role of ROLES) {
        const { status, text, calls, asked, log } = await send(route, role);
        const may = ROLES.indexOf(role) >= ROLES.indexOf(route.role);
        expect([role, status === 403, status === 401]).toEqual([role, !may, false]);
        if (may) continue;
        expect(JSON.parse(text)).toEqual({
          errorCode: "ERR_FORBIDDEN",
          message: `the token '${role}' has the role ${role}, and this needs the role ${route.role}`,
        });
        expect([calls, asked]).toEqual([[], []]);
        expect(log).toMatchObject([{ level: "warn", status: 403, route: route.path, actor: role }]);
      }
    },
  );

  it.each(guarded)("[H161] %s is 401 without a token, or with another", async (_, route) => {
    for (const name of ["nobody", "Viewer", ""]) {
      const { status, text, calls, asked } = await send(route, name);
      expect([status, text, calls, asked]).toEqual([401, "invalid api token", [], []]);
    }
  });

  it.each(all.filter(([, route]) => isProbe(route)))("[H161] %s needs no token", async (_, route) => {
    expect((await send(route, "nobody")).status).toBe(204);
  });

  it("[H161] what is no route stays that to everybody who has a token", async () => {
    for (const role of ROLES) {
      const api = new Api({ tokens: TOKENS });
      expect((await api.send("GET /nowhere", undefined, as(role))).status).toBe(404);
    }
  });
});

describe("[H190] who asks is told who that is", () => {
  it.each([
    ["viewer", { callerName: "viewer", callerRole: "viewer" }],
    ["acme-operator", { callerName: "acme-operator", callerRole: "operator", callerPrefix: "acme-" }],
  ])("[H190] metadata tells %s its name, its role, and what its instances' IDs begin with", async (name, extended) => {
    const answer = await read(await new Api({ tokens: TOKENS }).send("GET /v1.0/metadata", undefined, as(name)));
    expect(answer).toMatchObject({ status: 200, body: { extended } });
    expect(Object.keys(Object(answer.body).extended)).toEqual(Object.keys(extended));
  });
});

const routeOf = (operation: Operation) => ROUTES.find((route) => route.operation === operation) as Route;

describe("[H162] what the query or the body asks for", () => {
  it.each(ROLES)("[H162] %s: a start that ends what runs needs an operator, every other a starter", async (role) => {
    const start = routeOf("startWorkflow");
    for (const reuse of ["replace", "reject", "ignore", "terminate"]) {
      const { status, text, calls } = await send(start, role, { query: `&reuse=${reuse}` });
      const needed = reuse === "terminate" ? "operator" : "starter";
      const may = ROLES.indexOf(role) >= ROLES.indexOf(needed);
      expect([reuse, status, calls.length]).toEqual([reuse, may ? 202 : 403, may ? 1 : 0]);
      if (!may && role !== "viewer") expect(text).toContain(`needs the role ${needed}`);
    }
  });

  it.each(["pause", "resume", "terminate", "cancel", "rewind", "restart", "rerun", "purge"])(
    "[H162] a job of %s: only that of a purge needs an admin, a dry run too",
    async (operation) => {
      for (const role of ["operator", "admin"] as const)
        for (const dryRun of [false, true]) {
          const body = JSON.stringify({ operation, instanceIDs: ["acme-1"], dryRun });
          const { status, text, calls } = await send(routeOf("startBulkJob"), role, { body });
          const may = role === "admin" || operation !== "purge";
          expect([role, status]).toEqual([role, may ? (dryRun ? 200 : 202) : 403]);
          if (!may) expect([calls, text]).toEqual([[], expect.stringContaining("needs the role admin")]);
        }
    },
  );
});

/** What the answer is where there is no such instance, to one who may know of all. */
async function ofNobody(route: Route, id: string): Promise<string> {
  const api = new Api({ tokens: TOKENS, catalog: catalogOf({ instances: { "other-1": { type: "absent" } } }) });
  Object.assign(api.answers, {
    state: undefined,
    operation: { ok: false, code: "NOT_FOUND" },
    repair: { ok: false, code: "NOT_FOUND" },
    restart: { ok: false, code: "NOT_FOUND" },
    query: { ok: false, code: "NOT_FOUND" },
    update: { ok: false, code: "NOT_FOUND" },
    rerun: { ok: false, code: "NOT_FOUND", message: `workflow instance does not exist with ID '${id}'` },
  });
  const path = route.path.replace(":component", "dapr").replace(":id", encodeURIComponent(id)).replace(/:\w+/g, "x");
  const body =
    route.operation === "rerunWorkflow" ? '{"newInstanceID":"acme-2"}' : BODIES[route.operation as Operation];
  const response = await api.send(`${route.method} https://edge.example.com${path}`, body, as("admin"));
  return `${response.status} ${await response.text()}`;
}

const ofOneInstance = guarded.filter(
  ([, { path, operation }]) =>
    path.includes("/workflows/") && path.includes(":id") && operation !== "startSeedWorkflow",
);
const begins: readonly Operation[] = ["startWorkflow", "startSeedWorkflow", "rerunWorkflow"];

describe("[H163] a token with a prefix: one instance", () => {
  it.each(ofOneInstance)(
    "[H163] %s does not find another, as if it were not there, and reaches nobody",
    async (_, route) => {
      const body = route.operation === "rerunWorkflow" ? '{"newInstanceID":"acme-2"}' : undefined;
      for (const id of ["other-1", "acme", "Acme-1", "xacme-1", "other:acme-1"]) {
        const { status, text, calls, asked } = await send(route, "acme-admin", { id, body });
        expect(`${status} ${text}`).toBe(await ofNobody(route, id));
        expect([calls, asked]).toEqual([[], []]);
      }
    },
  );

  it.each(ofOneInstance)("[H163] %s reaches its own, and their children", async (_, route) => {
    for (const id of ["acme-1", "acme-", "acme-1:0001"]) {
      const { status, calls } = await send(route, "acme-admin", { id });
      const isWatch = route.operation === "getEvents";
      expect([id, status < 400 || isWatch, calls.length > 0]).toEqual([id, true, true]);
    }
  });

  it.each(guarded.filter(([, { operation }]) => begins.includes(operation as Operation)))(
    "[H163] %s begins none elsewhere: 403 says which it may",
    async (_, route) => {
      const isRerun = route.operation === "rerunWorkflow";
      const sent = isRerun ? { body: '{"newInstanceID":"other-2"}' } : { id: "other-2" };
      const { status, text, calls } = await send(route, "acme-admin", sent);
      expect([status, JSON.parse(text), calls]).toEqual([
        403,
        {
          errorCode: "ERR_FORBIDDEN",
          message: "the token 'acme-admin' is for instances whose ID begins with 'acme-', found 'other-2'",
        },
        [],
      ]);
    },
  );

  it("[H163] a rerun's new child has to be its own, too", async () => {
    const body = JSON.stringify({ newInstanceID: "acme-2", eventID: 1, newChildWorkflowInstanceID: "other-2" });
    const { status, calls } = await send(routeOf("rerunWorkflow"), "acme-admin", { body });
    expect([status, calls]).toEqual([403, []]);
  });

  it("[H163] an ID that is not named is made with the prefix; without one it is a UUID", async () => {
    const uuid = "00000000-0000-4000-8000-000000000001";
    for (const [name, id] of [
      ["acme-starter", `acme-${uuid}`],
      ["starter", uuid],
    ] as const) {
      const api = new Api({ tokens: TOKENS });
      expect(await read(await api.send("POST /v1.0/workflows/dapr/x/start", "", as(name)))).toEqual({
        status: 202,
        body: { instanceID: id },
      });
      expect(api.calls.map(([method, to]) => [method, to])).toEqual([["start", id]]);
    }
    const { text, calls } = await send(routeOf("rerunWorkflow"), "acme-operator");
    expect(JSON.parse(text).instanceID).toMatch(/^acme-[\da-f-]{36}$/);
    expect(calls.map(([, id]) => id)).toEqual([JSON.parse(text).instanceID]);
  });

  it("[H163] a prefix that leaves no room for a UUID: the ID has to be named", async () => {
    const api = new Api({ tokens: [token("long", "starter", { prefix: "p".repeat(29) })] });
    const answer = await read(await api.send("POST /v1.0/workflows/dapr/x/start", "", as("long")));
    expect(answer).toMatchObject({ status: 400, body: { errorCode: "ERR_INSTANCE_ID_TOO_LONG" } });
    expect(api.calls).toEqual([]);
  });

  it("[H163] a route whose handler does not see to it lets no such token in", async () => {
    for (const [, route] of guarded) {
      const { status, text, asked } = await send(route, "acme-admin", { id: "acme-1" });
      const isRefused = status === 403;
      expect([route.path, isRefused]).toEqual([route.path, route.keepsToPrefix !== true]);
      if (isRefused) expect([asked, text]).toEqual([[], expect.stringContaining("needs a token without a prefix")]);
    }
    expect(ROUTES.filter(({ keepsToPrefix, path }) => !keepsToPrefix && !path.includes("healthz"))).toMatchObject([
      { operation: "getCatalog" },
      { operation: "listLimits" },
      ...Object.keys(NEEDED)
        .filter((operation) => /Schedules?$/.test(operation))
        .map(() => ({ path: expect.stringContaining("/workflow-schedules/") })),
      { operation: "getMetrics" },
    ]);
  });
});

const entries = [
  entry("acme-1", { createdAtMs: DAY + 1, status: "FAILED", workflowName: "w", endedAtMs: DAY + 1 }),
  entry("other-1", { createdAtMs: DAY + 2, status: "FAILED", workflowName: "secret", endedAtMs: DAY + 2 }),
  entry("acme-2", { createdAtMs: DAY + 3, workflowName: "w", status: "RUNNING", parentInstanceId: "acme-1" }),
  entry("acme", { createdAtMs: DAY + 4, workflowName: "secret" }),
  entry("b-1", { createdAtMs: DAY + 5, workflowName: "secret", parentInstanceId: "acme-1" }),
];

describe("[H164] a token with a prefix: all together", () => {
  const list = async (name: string, query: string) => {
    const api = new Api({ tokens: TOKENS, catalog: catalogOf({ entries }) });
    const { status, body } = await read(
      await api.send(`GET /v1.0/workflows/dapr?${encodeURI(query)}`, undefined, as(name)),
    );
    expect([query, status]).toEqual([query, 200]);
    return body as { workflows: { instanceID: string }[]; counts: unknown; continuationToken?: string; since: string };
  };
  const idsOf = ({ workflows }: { workflows: readonly { instanceID: string }[] }) =>
    workflows.map((one) => one.instanceID);

  it.each([
    ["", ["acme-2", "acme-1"]],
    ["status=FAILED", ["acme-1"]],
    ["name=secret", []],
    ["idPrefix=acme", ["acme-2", "acme-1"]],
    ["idPrefix=acme-2", ["acme-2"]],
    ["idPrefix=other-", []],
    ["parent=acme-1", ["acme-2"]],
    ["q=Name = 'secret' OR Name = 'w'", ["acme-2", "acme-1"]],
    ["q=Name = 'secret' OR Status IN (FAILED, RUNNING)", ["acme-2", "acme-1"]],
    ["order=asc", ["acme-1", "acme-2"]],
  ] as const)("[H164] ?%s lists its own alone", async (query, ids) => {
    expect(idsOf(await list("acme-viewer", query))).toEqual(ids);
    expect(idsOf(await list("viewer", "")).length).toBe(5);
  });

  it("[H164] counts count its own alone", async () => {
    expect((await list("acme-viewer", "countBy=name")).counts).toEqual([{ name: "w", count: 2 }]);
    expect((await list("acme-viewer", "countBy=status")).counts).toEqual([
      { status: "FAILED", count: 1 },
      { status: "RUNNING", count: 1 },
    ]);
  });

  it("[H164] pages go on within them, and a token of a list of all is none of theirs", async () => {
    const first = await list("acme-viewer", "pageSize=1");
    expect(idsOf(first)).toEqual(["acme-2"]);
    const second = await list("acme-viewer", `pageSize=1&continuationToken=${first.continuationToken}`);
    expect(idsOf(second)).toEqual(["acme-1"]);
    const ofAll = await list("viewer", "pageSize=1");
    const api = new Api({ tokens: TOKENS, catalog: catalogOf({ entries }) });
    const query = `pageSize=1&continuationToken=${ofAll.continuationToken}`;
    expect((await api.send(`GET /v1.0/workflows/dapr?${query}`, undefined, as("acme-viewer"))).status).toBe(400);
  });

  it("[H164] changes tell of its own alone, of those that are gone, too", async () => {
    const catalog = catalogOf({ entries });
    const api = new Api({ tokens: TOKENS, catalog });
    const ask = async (since: string) => {
      const response = await api.send(`GET /v1.0/workflows/dapr?since=${since}`, undefined, as("acme-viewer"));
      return (await response.json()) as { workflows: { instanceID: string }[]; since: string };
    };
    const { since } = await ask("");
    for (const name of catalog.names)
      for (const id of ["acme-3", "other-3"])
        await catalog.announce(name, { entry: entry(id, { createdAtMs: DAY + 9 }), seq: 2 });
    const { workflows } = await ask(since);
    expect([...new Set(workflows.map(({ instanceID }) => instanceID))]).toEqual(["acme-3"]);
  });

  it("[H164] a rebuild asks its own alone; the others are missing", async () => {
    const asked: string[] = [];
    const catalog = catalogOf({ instances: { "acme-1": { type: "absent" } } });
    const source: Catalog["source"] = (id) => {
      asked.push(id);
      return catalog.source(id);
    };
    const api = new Api({ tokens: TOKENS, catalog: { ...catalog, source } });
    const body = JSON.stringify({ instanceIDs: ["acme-1", "other-1", "b-1"] });
    const answer = await read(await api.send("POST /v1.0/workflow-catalog/dapr/rebuild", body, as("acme-admin")));
    expect([answer, asked]).toEqual([{ status: 200, body: { announced: 0, missing: 3, failed: [] } }, ["acme-1"]]);
  });
});

describe("[H165] a token with a prefix: bulk jobs", () => {
  const JOBS = "/v1.0/workflow-jobs/dapr";
  const start = async (name: string, body: object) => {
    const api = new Api({ tokens: TOKENS, catalog: catalogOf({ entries }) });
    const answer = await read(await api.send(`POST ${JOBS}`, JSON.stringify(body), as(name)));
    const [, , request] = api.calls.find(([method]) => method === "start") ?? [];
    const begun = request as StartRequest | undefined;
    return { ...answer, begun, input: JSON.parse(begun?.input ?? "null") as JobInput, calls: api.calls };
  };

  it("[H165] by IDs: calls its own alone", async () => {
    const { status, input, begun } = await start("acme-operator", {
      operation: "cancel",
      instanceIDs: ["acme-1", "other-1", "acme-9", "acme"],
    });
    expect([status, input.targets, input.matched]).toEqual([202, { instanceIds: ["acme-1", "acme-9"] }, 2]);
    expect(begun?.searchAttributes).toEqual({ prefix: "acme-" });
    expect([begun?.actor, input.call.actor]).toEqual(["acme-operator", "acme-operator"]);
  });

  it.each([
    [{}, { filter: { idPrefix: "acme-" } }, 2],
    [{ status: "FAILED" }, { filter: { status: "FAILED", idPrefix: "acme-" } }, 1],
    [{ idPrefix: "ac" }, { filter: { idPrefix: "acme-" } }, 2],
    [{ idPrefix: "acme-2" }, { filter: { idPrefix: "acme-2" } }, 1],
    [{ idPrefix: "other-" }, { instanceIds: [] }, 0],
    [{ q: "Name = 'w' OR Name = 'secret'" }, { filter: { q: "Name = 'w' OR Name = 'secret'", idPrefix: "acme-" } }, 2],
  ])("[H165] by the filter %j: calls its own alone", async (filter, targets, matched) => {
    const { input } = await start("acme-operator", { operation: "cancel", filter });
    expect([input.targets, input.matched]).toEqual([targets, matched]);
    const { body, calls } = await start("acme-operator", { operation: "cancel", filter, dryRun: true });
    const { samples } = body as { samples: { instanceID: string }[] };
    expect(body).toMatchObject({ matched });
    expect(samples.every(({ instanceID }) => instanceID.startsWith("acme-"))).toBe(true);
    expect(calls.filter(([, id]) => !id.startsWith("acme-"))).toEqual([]);
  });

  it("[H165] a dry run by IDs shows its own alone", async () => {
    const { body, calls } = await start("acme-operator", {
      operation: "cancel",
      instanceIDs: ["other-1", "acme-1"],
      dryRun: true,
    });
    expect(body).toMatchObject({ matched: 1, samples: [{ instanceID: "acme-1" }] });
    expect(calls.map(([, id]) => id)).toEqual(["acme-1"]);
  });

  it("[H165] the instances of a rerun's job have the prefix", async () => {
    const { input } = await start("acme-operator", { operation: "rerun", instanceIDs: ["acme-1"] });
    expect(input.call.newIdPrefix).toBe("acme-");
    expect((await start("operator", { operation: "rerun", instanceIDs: ["acme-1"] })).input.call.newIdPrefix).toBe(
      undefined,
    );
  });

  it.each([
    [undefined, false],
    [{ prefix: "acme-" }, true],
    [{ prefix: "acme-eu-" }, true],
    [{ prefix: "acme" }, false],
    [{ prefix: "other-" }, false],
    [{ prefix: ["acme-"] }, false],
  ] as const)("[H165] a job of %j is there for it: %s", async (searchAttributes, isThere) => {
    const state: InstanceDescription = { ...RUNNING, instanceId: JOB, searchAttributes };
    for (const operation of ["getBulkJob", "cancelBulkJob"] as const) {
      const { status, calls } = await send(routeOf(operation), "acme-operator", { state });
      const found = operation === "getBulkJob" ? 200 : 202;
      expect([operation, status]).toEqual([operation, isThere ? found : 404]);
      expect(calls.some(([method]) => method === "cancel")).toBe(isThere && operation === "cancelBulkJob");
      expect((await send(routeOf(operation), "operator", { state })).status).toBe(found);
    }
  });

  it("[H165] one that is not there is not found", async () => {
    const api = new Api({ tokens: TOKENS });
    api.answers.state = undefined;
    expect((await api.send(`POST ${JOBS}/${JOB}/cancel`, "", as("acme-operator"))).status).toBe(404);
    expect(api.calls.map(([method]) => method)).toEqual(["describe"]);
  });

  it("[H165] lists the jobs of its prefix alone", async () => {
    const jobOf = (n: number) => `${JOB.slice(0, -1)}${n}`;
    const shard = openShard(JOBS_SHARD);
    for (const [n, prefix] of ["acme-", "other-", undefined, "acme-eu-"].entries())
      tell(
        shard,
        announce(entry(jobOf(n), { createdAtMs: DAY + n, ...(prefix && { searchAttributes: { prefix } }) }), 1),
      );
    const { list } = shardsOf(new Map([[JOBS_SHARD, shard.store]])).shard(JOBS_SHARD);
    const catalog = answering(catalogOf(), { list });
    const jobs = (name: string) => {
      expect(name).toBe(JOBS_SHARD);
      return catalog.shard("0-0");
    };
    const api = new Api({ tokens: TOKENS, catalog: { ...catalog, shard: jobs as Catalog["shard"] } });
    api.answers.state = undefined;
    const ids = async (name: string) => {
      api.calls.length = 0;
      const response = await api.send(`GET ${JOBS}`, undefined, as(name));
      expect(response.status).toBe(200);
      return api.calls.map(([, id]) => id);
    };
    expect(await ids("acme-viewer")).toEqual([3, 0].map(jobOf));
    expect(await ids("viewer")).toEqual([3, 2, 1, 0].map(jobOf));
  });
});
