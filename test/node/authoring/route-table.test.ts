// The client and the table of routes say the same: each request of the client is one of the table, with the parameters and the body of its row.
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { DaprWorkflowClient } from "../../../src/authoring/workflow-client.ts";
import {
  BULK_JOB,
  CATALOG_REBUILD,
  NEW_VERSION,
  REASON_ALONE,
  RERUN,
  START_AND_RAISE,
} from "../../../src/http/bodies.ts";
import { ROUTES, type Route, type Table } from "../../../src/http/routes.ts";

type Call = (client: DaprWorkflowClient) => unknown;

/** Rows that the client has no method for, and why. */
const WITHOUT_METHOD = {
  startSeedWorkflow: "the form of the first version is for programs that are written for it",
  getSeedWorkflow: "the same",
  getHealth: "a probe asks whether there is somebody to talk to, with no client and no token",
  getOutboundHealth: "the same",
  getMetrics: "it is for Prometheus",
  getMetadata: "it is Dapr's, whose clients for workflows have no method for it",
} as const satisfies Partial<Record<keyof Table, string>>;

/** Parameters that no method sends, and why. */
const NOT_SENT: Partial<Record<keyof Table, Readonly<Record<string, string>>>> = {
  getHistory: { pageSize: "another name of limit" },
  getWorkflow: { at: "of the dashboard: code that watches an instance knows where it stands" },
  terminateWorkflow: { reason: "stands in the body" },
  pauseWorkflow: { reason: "stands in the body" },
  resumeWorkflow: { reason: "stands in the body" },
  cancelWorkflow: { reason: "stands in the body" },
  rerunWorkflow: { reason: "stands in the body" },
  rebuildCatalog: { reason: "stands in the body" },
  createSchedule: { reason: "stands in the body" },
  putSchedule: { reason: "stands in the body" },
  changeSchedule: { reason: "stands in the body" },
  triggerSchedule: { reason: "stands in the body" },
  backfillSchedule: { reason: "stands in the body" },
  startBulkJob: {
    dryRun: "stands in the body",
    confirm: "stands in the body",
    rps: "stands in the body",
    reason: "stands in the body",
  },
};

const repair = { requestId: "r", reason: "why" };
const start = {
  instanceId: "i",
  startAt: new Date(0),
  searchAttributes: { tenant: "t", size: 3 },
  retention: "24h",
  reason: "why",
  reuse: "terminate",
} as const;
const filter = {
  status: ["FAILED", "STALLED"],
  name: "w",
  idPrefix: "a",
  createdAfter: new Date(0),
  createdBefore: new Date(1),
  endedAfter: new Date(0),
  endedBefore: new Date(1),
  parent: "p",
  version: "1",
  waitingFor: "event:x",
  retrying: true,
  attributes: { tenant: "t" },
  q: "status = 'FAILED'",
} as const;
const job = { filter, confirm: 5, rps: 10, reason: "why" };

const times = { timeZone: "UTC", overlap: "skip", jitter: "1s", startAt: new Date(0), pauseOnFailure: true } as const;
const scheduled = {
  workflow: "w",
  cron: "0 * * * *",
  input: 1,
  ...times,
  remainingActions: 1,
  paused: true,
  reason: "why",
};

/** Each operation of the table, as often as the client has a form of its own for it. The compiler asks for all. */
const CALLS: Record<Exclude<keyof Table, keyof typeof WITHOUT_METHOD>, readonly Call[]> = {
  startWorkflow: [
    (client) => client.scheduleNewWorkflow("w", 1, start),
    (client) => client.scheduleNewWorkflow("w", 1, { raiseEvent: "e", eventPayload: 2, reason: "why" }),
    (client) => client.runWorkflow("w", 1, { ...start, waitFor: "started", timeoutInSeconds: 1, fetchPayloads: false }),
  ],
  getWorkflow: [
    (client) => client.getWorkflowState("i", false),
    (client) => client.describeWorkflow("i", true),
    (client) => client.waitForWorkflowStart("i", true, 1),
    (client) => client.waitForWorkflowCompletion("i", false, 1),
  ],
  terminateWorkflow: [(client) => client.terminateWorkflow("i", 1, { nonRecursive: true, reason: "why" })],
  pauseWorkflow: [(client) => client.suspendWorkflow("i", "why")],
  resumeWorkflow: [(client) => client.resumeWorkflow("i", "why")],
  purgeWorkflow: [(client) => client.purgeWorkflow("i", { force: true, nonRecursive: true, reason: "why" })],
  raiseEvent: [(client) => client.raiseEvent("i", "e", 1, { reason: "why" })],
  cancelWorkflow: [(client) => client.cancelWorkflow("i", "why")],
  queryWorkflow: [(client) => client.queryWorkflow("i", "q", 1)],
  updateWorkflow: [
    (client) => client.updateWorkflow("i", "u", 1, { updateId: "x", timeoutInSeconds: 1, reason: "why" }),
  ],
  rerunWorkflow: [
    (client) =>
      client.rerunWorkflow("i", {
        ...repair,
        eventId: 3,
        newInstanceId: "n",
        newChildWorkflowInstanceId: "c",
        input: 1,
      }),
  ],
  restartWorkflow: [(client) => client.restartWorkflow("i", repair)],
  rewindWorkflow: [(client) => client.rewindWorkflow("i", repair)],
  changeVersion: [(client) => client.changeWorkflowVersion("i", "2", repair)],
  getHistory: [
    (client) => client.getWorkflowHistory("i"),
    (client) =>
      client.getWorkflowHistoryPage("i", {
        limit: 5,
        continuationToken: "t",
        order: "desc",
        types: ["TaskFailed"],
        contains: "x",
      }),
    (client) => first(client.exportWorkflowHistory("i", { order: "desc", types: ["TaskFailed"], contains: "x" })),
  ],
  getTimeline: [(client) => client.getWorkflowTimeline("i", { limit: 5, continuationToken: "t", order: "desc" })],
  getEvents: [(client) => first(client.watchWorkflow("i", { after: "e.1" }))],
  listWorkflows: [
    (client) => first(client.listWorkflows({ ...filter, order: "asc", pageSize: 5, continuationToken: "t" }).asPages()),
    (client) => client.countWorkflows(filter, ["status", "day"]),
    (client) => client.listWorkflowChanges({ ...filter, since: "t", pageSize: 5 }),
  ],
  getCatalog: [(client) => client.getCatalogHealth()],
  rebuildCatalog: [(client) => client.rebuildCatalog(["i"], { reason: "why" })],
  listDefinitions: [(client) => client.listDefinitions()],
  listLimits: [(client) => client.listLimits({ top: 5 })],
  startBulkJob: [
    (client) => client.startBulkJob({ ...job, operation: "rerun", eventId: 3, input: 1 }),
    (client) => client.startBulkJob({ ...job, operation: "raise", event: "e", eventPayload: 1 }),
    (client) => client.startBulkJob({ ...job, operation: "terminate", output: 1, nonRecursive: true }),
    (client) => client.previewBulkJob({ operation: "purge", force: true, instanceIds: ["i"] }),
  ],
  listBulkJobs: [(client) => client.listBulkJobs({ pageSize: 5, continuationToken: "t" })],
  getBulkJob: [(client) => client.getBulkJob("bulk:1")],
  cancelBulkJob: [(client) => client.cancelBulkJob("bulk:1", "why")],
  createSchedule: [(client) => client.createSchedule("s", scheduled)],
  putSchedule: [(client) => client.createSchedule("s", { ...scheduled, replace: true })],
  getSchedule: [(client) => client.getSchedule("s")],
  listSchedules: [(client) => client.listSchedules({ pageSize: 5, continuationToken: "t" })],
  changeSchedule: [
    (client) =>
      client.updateSchedule("s", { ...times, workflow: "w", input: 1, remainingActions: null, reason: "why" }),
    (client) => client.updateSchedule("s", { interval: "1h", endAt: null }),
  ],
  deleteSchedule: [(client) => client.deleteSchedule("s", "why")],
  triggerSchedule: [
    (client) => client.triggerSchedule("s", { input: 1, overlap: "skip", requestId: "r", reason: "why" }),
  ],
  pauseSchedule: [(client) => client.pauseSchedule("s", "why")],
  resumeSchedule: [(client) => client.resumeSchedule("s", "why")],
  backfillSchedule: [
    (client) =>
      client.backfillSchedule("s", {
        from: new Date(0),
        to: new Date(1),
        overlap: "allowAll",
        dryRun: true,
        reason: "why",
      }),
  ],
  previewSchedule: [(client) => client.previewSchedule("s", null, 3)],
  previewNewSchedule: [(client) => client.previewSchedule("s", { interval: "1h" }, 3)],
};

/** Bodies beyond Dapr, by operation; those of Dapr's routes may be anything. */
const BODIES: Partial<Record<keyof Table, v.GenericSchema>> = {
  startWorkflow: START_AND_RAISE,
  rerunWorkflow: RERUN,
  restartWorkflow: REASON_ALONE,
  rewindWorkflow: REASON_ALONE,
  changeVersion: NEW_VERSION,
  startBulkJob: BULK_JOB,
  rebuildCatalog: CATALOG_REBUILD,
};

const operations = Object.entries(CALLS).flatMap(([operation, calls]) =>
  calls.map((call, n) => [operation as keyof Table, n + 1, call] as const),
);

describe("[A40] Each request of the client is one of the table", () => {
  it.each(operations)("[A40.1] %s, form %i", async (operation, _, call) => {
    const requests = await requestsOf(call);
    expect(requests).not.toEqual([]);
    for (const { method, url, body } of requests) {
      const { pathname, searchParams } = new URL(url);
      const route = routeOf(method, pathname);
      expect(route?.operation).toBe(operation);
      const unknown = [...searchParams.keys()].filter((name) => !isKnown(route as Route, name));
      expect(unknown).toEqual([]);
      const schema = BODIES[operation];
      const isOurs = operation !== "startWorkflow" || searchParams.has("raiseEvent");
      if (schema !== undefined && isOurs && body !== "") v.parse(schema, JSON.parse(body));
    }
  });

  it.each(Object.entries(CALLS))(
    "[A40.3] %s: each parameter of its row is sent by one of the forms, or it is said why not",
    async (operation, calls) => {
      const sent = new Set<string>();
      for (const call of calls)
        for (const { url } of await requestsOf(call, { appId: "app" }))
          for (const name of new URL(url).searchParams.keys()) sent.add(name.startsWith("attr.") ? "attr.KEY" : name);
      const row = ROUTES.find((route) => route.operation === operation) as Route;
      const notSent = Object.keys(row.parameters).filter((name) => !sent.has(name));
      expect(notSent.sort()).toEqual(Object.keys(NOT_SENT[operation as keyof Table] ?? {}).sort());
    },
  );

  it("[A40.4] each row has a method, or it is said why it has none", () => {
    const known = [...Object.keys(CALLS), ...Object.keys(WITHOUT_METHOD)];
    expect([...new Set(ROUTES.map(({ operation }) => operation))].sort()).toEqual(known.sort());
  });

  it("[A40.2] a request that is none of the table is seen", async () => {
    expect(routeOf("GET", "/v1.0/workflows/dapr/i/terminate")).toBeUndefined();
    const listed = ROUTES.find(({ operation }) => operation === "listWorkflows") as Route;
    expect([isKnown(listed, "attr.x"), isKnown(listed, "stats")]).toEqual([true, false]);
  });
});

async function first<T>(items: AsyncIterable<T>): Promise<void> {
  for await (const _ of items) return;
}

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly body: string;
}

/** What a call sends before it hears that there is no such thing. */
async function requestsOf(call: Call, options: { readonly appId?: string } = {}): Promise<Sent[]> {
  const sent: Sent[] = [];
  const client = new DaprWorkflowClient({
    daprHost: "http://server.test",
    ...options,
    fetch: async (request) => {
      sent.push({ method: request.method, url: request.url, body: await request.text() });
      return Response.json({ errorCode: "ERR_INSTANCE_ID_NOT_FOUND", message: "not there" }, { status: 404 });
    },
  });
  await Promise.resolve(call(client)).catch(() => undefined);
  return sent;
}

function routeOf(method: string, pathname: string): Route | undefined {
  return ROUTES.find((route) => route.method === method && patternOf(route.path).test(pathname));
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/:\w+/g, "[^/]+")}$`);
}

function isKnown({ parameters }: Route, name: string): boolean {
  return name in parameters || (name.startsWith("attr.") && "attr.KEY" in parameters);
}
