// Lists and counts of DaprWorkflowClient: against a server that is a function, and against the real HTTP face over shards.
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import {
  DaprWorkflowClient,
  type ListOptions,
  WorkflowRuntime,
  WorkflowRuntimeStatus,
  WorkflowSummary,
} from "../../../src/client.ts";
import { WorkflowTestEnvironment } from "../../../src/testing.ts";
import { DAY, entry } from "../catalog/support.ts";
import { catalogOf, WAITS, WHOLE } from "../http/catalog-support.ts";
import { Api } from "../http/support.ts";

const URL_OF_ALL = "http://127.0.0.1:3500/v1.0/workflows/dapr";

/** A server that gives these answers in turn, and what it was asked. */
function serverThat(...answers: readonly object[]) {
  const queries: string[] = [];
  const fetch = async ({ method, url }: Request) => {
    const [path, query = ""] = url.split("?");
    expect([method, path]).toEqual(["GET", URL_OF_ALL]);
    queries.push(decodeURIComponent(query));
    return Response.json(answers[queries.length - 1]);
  };
  return { queries, client: new DaprWorkflowClient({ fetch }) };
}

/** The HTTP face, over shards with these instances. */
function clientOf(api: Api): DaprWorkflowClient {
  return new DaprWorkflowClient({ fetch: (request) => api.handle(request), daprHost: "http://localhost:8787" });
}

const three = () => clientOf(new Api({ catalog: catalogOf({ entries: [entry("order-1"), WHOLE, WAITS], shards: 3 }) }));

async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function idsOf(list: AsyncIterable<WorkflowSummary>): Promise<string[]> {
  return (await allOf(list)).map(({ instanceId }) => instanceId);
}

describe("[A11] Lists and counts", () => {
  it("[A11.1] a list is iterated, the newest first, with Dates and statuses as states have them", async () => {
    const [waits, whole, first, ...rest] = await allOf(three().listWorkflows());
    expect(rest).toEqual([]);
    expect(whole).toBeInstanceOf(WorkflowSummary);
    expect({ ...whole }).toEqual({
      instanceId: "order-2",
      name: "order",
      runtimeStatus: WorkflowRuntimeStatus.FAILED,
      createdAt: new Date(DAY + 2),
      lastUpdatedAt: new Date(DAY + 9),
      endedAt: new Date(DAY + 9),
      version: "v2",
      customStatus: "packing",
      failure: { errorType: "TypeError", message: "no pens" },
      parentInstanceId: "batch-1",
      searchAttributes: { customer: "c995", total: 12.5, vip: true, tags: ["red"] },
      waitingFor: undefined,
      retrying: false,
    });
    expect(waits).toMatchObject({ instanceId: "order-3", waitingFor: "activity:charge", retrying: true });
    expect(first).toMatchObject({ instanceId: "order-1", searchAttributes: {}, endedAt: undefined });
  });

  it("[A11.2] JSON and console.log show the status by its name", async () => {
    const [summary] = await allOf(three().listWorkflows({ status: "RUNNING" }));
    expect(JSON.parse(JSON.stringify(summary))).toEqual({
      instanceId: "order-3",
      name: "order",
      runtimeStatus: "RUNNING",
      createdAt: "2026-11-28T00:00:00.003Z",
      lastUpdatedAt: "2026-11-28T00:00:00.005Z",
      searchAttributes: {},
      waitingFor: "activity:charge",
      retrying: true,
    });
    expect(inspect(summary)).toMatch(
      /^WorkflowSummary \{[\s\S]*runtimeStatus: 'RUNNING'[\s\S]*waitingFor: 'activity:charge'/,
    );
    expect(inspect(summary)).not.toContain("endedAt");
  });

  it.each<[ListOptions, string]>([
    [{}, ""],
    [{ status: WorkflowRuntimeStatus.FAILED }, "status=FAILED"],
    [{ status: ["FAILED", WorkflowRuntimeStatus.STALLED] }, "status=FAILED,STALLED"],
    [{ name: "order*", idPrefix: "o", parent: "p", version: "2" }, "name=order*&idPrefix=o&parent=p&version=2"],
    [
      { createdAfter: new Date(DAY), createdBefore: "2026-11-29" },
      "createdAfter=2026-11-28T00:00:00.000Z&createdBefore=2026-11-29",
    ],
    [
      { endedAfter: "2026-11-28", endedBefore: new Date(DAY) },
      "endedAfter=2026-11-28&endedBefore=2026-11-28T00:00:00.000Z",
    ],
    [{ waitingFor: "event:*", retrying: false }, "retrying=false&waitingFor=event:*"],
    [{ attributes: { total: 7, vip: true, customer: "7" } }, 'attr.total=7&attr.vip=true&attr.customer="7"'],
    [{ q: "Status = FAILED" }, "q=Status+=+FAILED"],
    [{ order: "asc", pageSize: 5, continuationToken: "t" }, "order=asc&pageSize=5&continuationToken=t"],
    [{ status: null, name: null, retrying: null, attributes: null, pageSize: null, continuationToken: null }, ""],
  ])("[A11.3] %j asks ?%s", async (options, query) => {
    const { queries, client } = serverThat({ workflows: [] });
    expect(await idsOf(client.listWorkflows(options))).toEqual([]);
    expect(queries).toEqual([query]);
  });

  it.each<[ListOptions, string[]]>([
    [{ status: ["FAILED", "RUNNING"] }, ["order-3", "order-2"]],
    [{ attributes: { customer: "c995", total: 12.5, vip: true } }, ["order-2"]],
    [{ createdBefore: new Date(DAY + 3), order: "asc" }, ["order-1", "order-2"]],
    [{ q: "FailureMessage CONTAINS 'pens'" }, ["order-2"]],
    [{ retrying: true, waitingFor: "activity:*" }, ["order-3"]],
  ])("[A11.3] %j is what the server understands", async (options, ids) => {
    expect(await idsOf(three().listWorkflows(options))).toEqual(ids);
  });

  it("[A11.4] it is read page by page, as far as it is iterated; a list may be read again", async () => {
    const entries = Array.from({ length: 25 }, (_, n) => entry(`i${n}`, { createdAtMs: DAY + n }));
    const api = new Api({ catalog: catalogOf({ entries }) });
    const list = clientOf(api).listWorkflows({ pageSize: 10 });
    expect(api.log).toEqual([]);
    for await (const { instanceId } of list) if (instanceId === "i12") break;
    expect(api.log).toHaveLength(2);
    expect(await idsOf(list)).toEqual(entries.map(({ instanceId }) => instanceId).toReversed());
    expect(api.log).toHaveLength(5);
  });

  it("[A11.5] pages: their tokens lead on, in another process too", async () => {
    const client = three();
    const pages = await allOf(client.listWorkflows({ pageSize: 2 }).asPages());
    expect(pages.map(({ workflows }) => workflows.map(({ instanceId }) => instanceId))).toEqual([
      ["order-3", "order-2"],
      ["order-1"],
    ]);
    expect(pages[1]).toEqual({ workflows: [expect.any(WorkflowSummary)], complete: true, missingShards: 0 });
    const { continuationToken = "" } = pages[0] ?? {};
    expect(await idsOf(client.listWorkflows({ pageSize: 2, continuationToken }))).toEqual(["order-1"]);
  });

  it("[A11.5] a page that looked at as many as it may goes on behind it, though it is empty", async () => {
    const { queries, client } = serverThat(
      { workflows: [], continuationToken: "a", complete: false },
      { workflows: [], continuationToken: "b", complete: false },
      { workflows: [] },
    );
    const pages = await allOf(client.listWorkflows({ name: "rare" }).asPages());
    expect(pages.map(({ complete }) => complete)).toEqual([false, false, true]);
    expect(queries).toEqual(["name=rare", "name=rare&continuationToken=a", "name=rare&continuationToken=b"]);
  });

  it("[A11.6] where shards do not answer, the iteration rejects, and pages tell of it", async () => {
    const api = new Api({ catalog: catalogOf({ entries: [entry("order-1"), WHOLE, WAITS], missing: ["0-0"] }) });
    const list = clientOf(api).listWorkflows();
    await expect(idsOf(list)).rejects.toThrow(
      "The list is not whole, because shards of the catalog have not answered (1)",
    );
    const [page, ...more] = await allOf(list.asPages());
    expect([page?.missingShards, more]).toEqual([1, []]);
  });

  it("[A11.6] where none answers, the same page is not asked for for ever", async () => {
    const lost = { workflows: [], continuationToken: "t", complete: false, missingShards: 4 };
    const { queries, client } = serverThat(lost, lost, lost);
    expect(await allOf(client.listWorkflows({ continuationToken: "t" }).asPages())).toEqual([lost]);
    expect(queries).toEqual(["continuationToken=t"]);
  });

  it("[A11.7] counts, by status unless others are given", async () => {
    const client = three();
    expect(await client.countWorkflows()).toEqual({
      counts: [
        { status: "COMPLETED", count: 1 },
        { status: "FAILED", count: 1 },
        { status: "RUNNING", count: 1 },
      ],
      complete: true,
      missingShards: 0,
    });
    expect(await client.countWorkflows({ status: ["FAILED"] }, ["name", "errorType", "day"])).toMatchObject({
      counts: [{ name: "order", errorType: "TypeError", day: "2026-11-28", count: 1 }],
    });
    expect(await client.countWorkflows({ name: "none" }, "version")).toMatchObject({ counts: [] });
  });

  it.each<[string, (client: DaprWorkflowClient) => unknown, string]>([
    [
      "a misspelt filter",
      (client) => client.listWorkflows({ statuses: "FAILED" } as ListOptions),
      "unknown option statuses of listWorkflows, did you mean status?",
    ],
    [
      "no status",
      (client) => client.listWorkflows({ status: "ASLEEP" as "FAILED" }),
      'listWorkflows: status is a status, by its number or its name, or a list of them, found "ASLEEP"',
    ],
    ["a number as text", (client) => client.listWorkflows({ status: "3" as "FAILED" }), 'found "3"'],
    [
      "an invalid Date",
      (client) => client.listWorkflows({ createdAfter: new Date(Number.NaN) }),
      "createdAfter is a Date that is valid, or the text of a time, found an invalid Date",
    ],
    [
      "a page too large",
      (client) => client.listWorkflows({ pageSize: 1_025 }),
      "pageSize is a whole number from 1 to 1024, found 1025",
    ],
    [
      "an attribute that is an object",
      (client) => client.listWorkflows({ attributes: { a: {} as string } }),
      "attributes is an object of texts, numbers, true and false",
    ],
    [
      "a page of counts",
      (client) => client.countWorkflows({ pageSize: 5 } as object),
      "unknown option pageSize of countWorkflows",
    ],
    [
      "no key",
      (client) => client.countWorkflows({}, []),
      "countWorkflows: by is one or more of status, name, version, errorType, day, found []",
    ],
    ["a wrong key", (client) => client.countWorkflows({}, "colour" as "day"), 'found "colour"'],
  ])("[A11.8] refused before anything is sent: %s", async (_what, call, message) => {
    const { queries, client } = serverThat();
    await expect((async () => call(client))()).rejects.toThrow(message);
    expect(queries).toEqual([]);
  });

  it("[A11.9] without a catalog, and what only the server refuses: its error", async () => {
    const without = clientOf(new Api());
    await expect(idsOf(without.listWorkflows())).rejects.toMatchObject({
      status: 501,
      errorCode: "ERR_CATALOG_NOT_CONFIGURED",
    });
    await expect(without.countWorkflows()).rejects.toMatchObject({ status: 501 });
    await expect(idsOf(three().listWorkflows({ q: "Stats = 1" }))).rejects.toMatchObject({
      status: 400,
      errorCode: "ERR_MALFORMED_REQUEST",
      message: expect.stringContaining("q: at position 1"),
    });
  });

  it("[A11.9] in a test environment, which has none, it says so", async () => {
    const { client } = new WorkflowTestEnvironment(new WorkflowRuntime());
    await expect(idsOf(client.listWorkflows())).rejects.toThrow("a WorkflowTestEnvironment has no catalog");
  });

  it("[A11.9] an answer of somebody else", async () => {
    const { client } = serverThat({ hello: 1 }, { hello: 1 });
    await expect(idsOf(client.listWorkflows())).rejects.toThrow("which is no list of the workflow API");
    await expect(client.countWorkflows()).rejects.toThrow("which is no counts of the workflow API");
  });
});
