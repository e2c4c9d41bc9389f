// Lists, counts and changes of all instances, and the catalog's own routes: what is asked, what is answered, what is refused.
import { describe, expect, it } from "vitest";
import { CATALOG_MISSING, CATALOG_OFF } from "../../../src/catalog/binding.ts";
import { DAY, entry } from "../catalog/support.ts";
import { catalogOf, WAITS, WHOLE } from "./catalog-support.ts";
import { Api, NO_ROUTE, read, refusal, VERSIONS } from "./support.ts";

const LIST = "GET /v1.0/workflows/dapr";
const HEALTH = "GET /v1.0/workflow-catalog/dapr";
const REBUILD = "POST /v1.0/workflow-catalog/dapr/rebuild";

const FIRST = entry("order-1");
const ROWS = {
  "order-1": {
    instanceID: "order-1",
    workflowName: "order",
    runtimeStatus: "COMPLETED",
    createdAt: "2026-11-28T00:00:00Z",
    lastUpdatedAt: "2026-11-28T00:00:00.005Z",
    retrying: false,
  },
  "order-2": {
    instanceID: "order-2",
    workflowName: "order",
    version: "v2",
    runtimeStatus: "FAILED",
    createdAt: "2026-11-28T00:00:00.002Z",
    lastUpdatedAt: "2026-11-28T00:00:00.009Z",
    endedAt: "2026-11-28T00:00:00.009Z",
    customStatus: "packing",
    failure: { errorType: "TypeError", message: "no pens" },
    parentInstanceID: "batch-1",
    searchAttributes: { customer: "c995", total: 12.5, vip: true, tags: ["red"] },
    retrying: false,
  },
  "order-3": {
    instanceID: "order-3",
    workflowName: "order",
    runtimeStatus: "RUNNING",
    createdAt: "2026-11-28T00:00:00.003Z",
    lastUpdatedAt: "2026-11-28T00:00:00.005Z",
    waitingFor: "activity:charge",
    retrying: true,
  },
} as const;

const three = () => new Api({ catalog: catalogOf({ entries: [FIRST, WHOLE, WAITS], shards: 3 }) });
const ask = async (api: Api, target: string, body?: string) => read(await api.send(target, body));
const idsOf = ({ body }: { body: unknown }) =>
  (body as { workflows: readonly { instanceID: string }[] }).workflows.map(({ instanceID }) => instanceID);

describe("a list", () => {
  it("[H120] has the instances of all shards, the newest first, with all that is known of them, and nothing else", async () => {
    const api = three();
    expect(await ask(api, LIST)).toEqual({
      status: 200,
      body: { workflows: [ROWS["order-3"], ROWS["order-2"], ROWS["order-1"]] },
    });
    expect(api.calls).toEqual([]);
  });

  it.each(["/", "//", "/?", "/?status=FAILED"])("[H120] %s after the component is the same list", async (end) => {
    const { status, body } = await ask(three(), `${LIST}${end}`);
    expect([status, Object.keys(body as object)]).toEqual([200, ["workflows"]]);
  });

  it("[H120] the component filters nothing", async () => {
    for (const component of ["dapr", "other", "FAILED", "%20"])
      expect(idsOf(await ask(three(), `GET /v1.0/workflows/${component}`))).toHaveLength(3);
  });

  it.each(VERSIONS.filter((version) => version !== "v1.0"))("[H120] is not served below /%s", async (version) => {
    expect(await ask(three(), `GET /${version}/workflows/dapr`)).toEqual(NO_ROUTE);
  });

  it.each(["POST", "PUT", "DELETE", "HEAD"])("[H120] %s is no list", async (method) => {
    const response = await three().send(`${method} /v1.0/workflows/dapr`);
    expect(response.status).toBe(404);
  });

  it("[H120] an instance under the name of an operation is an instance: nothing stands where its ID stands", async () => {
    const api = three();
    await api.send(`${LIST}/workflow-catalog`);
    await api.send(`${LIST}/rebuild`);
    expect(api.calls.map(([method, id]) => [method, id])).toEqual([
      ["describe", "workflow-catalog"],
      ["describe", "rebuild"],
    ]);
  });

  it.each([
    ["status=FAILED,RUNNING", ["order-3", "order-2"]],
    ["status=failed", ["order-2"]],
    ["attr.customer=c995&attr.vip=true", ["order-2"]],
    ["waitingFor=activity:*&retrying=true", ["order-3"]],
    ["q=FailureType%20%3D%20'TypeError'", ["order-2"]],
    ["order=asc", ["order-1", "order-2", "order-3"]],
    ["createdAfter=2026-11-28T00:00:00.002Z&createdBefore=2026-11-28T00:00:00.003Z", ["order-2"]],
    ["status=FAILED&appID=edge", ["order-2"]],
  ])("[H121] ?%s lists those that fit", async (query, ids) => {
    expect(idsOf(await ask(three(), `${LIST}?${query}`))).toEqual(ids);
  });

  it("[H121] pages: a token as long as there is more, that leads on in the same list", async () => {
    const entries = Array.from({ length: 250 }, (_, n) => entry(`i${n}`, { createdAtMs: DAY + n }));
    const api = new Api({ catalog: catalogOf({ entries, shards: 3 }) });
    const found: string[] = [];
    const sizes: number[] = [];
    let token: string | undefined;
    do {
      const answer = await ask(api, `${LIST}?name=order${token === undefined ? "" : `&continuationToken=${token}`}`);
      const ids = idsOf(answer);
      found.push(...ids);
      sizes.push(ids.length);
      token = (answer.body as { continuationToken?: string }).continuationToken;
    } while (token !== undefined);
    expect(sizes).toEqual([100, 100, 50]);
    expect(found).toEqual(entries.map(({ instanceId }) => instanceId).toReversed());
    expect(idsOf(await ask(api, `${LIST}?pageSize=1024`))).toHaveLength(250);
  });

  it("[H121] a shard that does not answer is counted, and the others are listed", async () => {
    const api = new Api({ catalog: catalogOf({ entries: [FIRST, WHOLE, WAITS], shards: 2, missing: ["0-0"] }) });
    const { status, body } = await ask(api, LIST);
    expect([status, body]).toMatchObject([200, { missingShards: 1 }]);
    expect(idsOf({ body }).length).toBeLessThan(3);
  });

  it("[H121] counts, and changes: a token to begin with, then what has changed", async () => {
    const catalog = catalogOf({ entries: [FIRST, WHOLE, WAITS] });
    const api = new Api({ catalog });
    expect(await ask(api, `${LIST}?countBy=status,name`)).toEqual({
      status: 200,
      body: {
        counts: [
          { status: "COMPLETED", name: "order", count: 1 },
          { status: "FAILED", name: "order", count: 1 },
          { status: "RUNNING", name: "order", count: 1 },
        ],
      },
    });
    const { body } = await ask(api, `${LIST}?since=&status=RUNNING`);
    expect(body).toEqual({ workflows: [], since: expect.any(String), resync: true });
    const { since } = body as { since: string };
    await catalog.announce("0-0", { entry: entry("new", { status: "RUNNING" }), seq: 1 });
    await catalog.announce("0-1", { entry: { ...WAITS, status: "COMPLETED" }, seq: 2 });
    const changes = await ask(api, `${LIST}?status=RUNNING&since=${since}`);
    const { workflows } = changes.body as { workflows: object[] };
    expect(changes.body).not.toHaveProperty("resync");
    expect(workflows).toContainEqual(expect.objectContaining({ instanceID: "new", runtimeStatus: "RUNNING" }));
    expect(workflows).toContainEqual({ instanceID: "order-3", deleted: true });
    expect(workflows).toHaveLength(2);
  });
});

describe("a list is refused", () => {
  it.each([
    ["state=FAILED", "unknown query parameter state. Known: status, name, idPrefix, createdAfter,"],
    ["Status=FAILED", "unknown query parameter Status, did you mean status. Known: status"],
    ["attribute.x=1", "unknown query parameter attribute.x. Known: "],
    ["attr=1", "unknown query parameter attr"],
    ["limit=5", "unknown query parameter limit. Known: "],
    ["__proto__=1", "unknown query parameter __proto__. Known: "],
    [
      "status=ASLEEP",
      'status: expected one or more of PENDING, RUNNING, SUSPENDED, STALLED, COMPLETED, FAILED, CANCELED, TERMINATED, found "ASLEEP"',
    ],
    ["status=FAILD", 'found "FAILD", did you mean FAILED?'],
    ["status=FAILED&status=RUNNING", "status: expected once, found twice"],
    ["pageSize=1025", 'pageSize: expected a whole number from 1 to 1024, found "1025"'],
    ["pageSize=0", 'pageSize: expected a whole number from 1 to 1024, found "0"'],
    ["order=up", 'order: expected desc, asc, found "up"'],
    ["retrying=1", 'retrying: expected true, false, found "1"'],
    ["createdAfter=yesterday", "createdAfter: expected a time as 2026-11-28T10:00:00Z, or a day as 2026-11-28, found"],
    ["countBy=colour", 'countBy: expected status, name, version, errorType, day, found "colour"'],
    ["countBy=status&order=asc", "countBy: expected no order beside it, found one"],
    ["attr.=x", "attr.: expected a key of 1 to 64 characters"],
    ["q=Stats%20%3D%20FAILED", "q: at position 1, expected a field (Status, Name, InstanceID, Version,"],
    ["q=", "q: at position 1, expected a field"],
    ["continuationToken=x", "continuationToken: expected one that an answer has given, found another text"],
    ["since=x", "since: expected one that an answer has given, found another text"],
  ])("[H122] ?%s: 400, what was found and what was expected", async (query, message) => {
    const api = three();
    expect(await ask(api, `${LIST}?${query}`)).toMatchObject({
      status: 400,
      body: { errorCode: "ERR_MALFORMED_REQUEST", message: expect.stringContaining(message) },
    });
    expect(api.log).toMatchObject([{ level: "warn", route: "/v1.0/workflows/:component", status: 400 }]);
  });

  it("[H122] the token of another filter or order", async () => {
    const api = three();
    const { body } = await ask(api, `${LIST}?pageSize=1&name=order`);
    const { continuationToken } = body as { continuationToken: string };
    for (const query of ["pageSize=1", "name=order&order=asc", "name=orders"])
      expect(await ask(api, `${LIST}?${query}&continuationToken=${continuationToken}`)).toEqual(
        refusal(
          400,
          "ERR_MALFORMED_REQUEST",
          "continuationToken: expected one of this filter and order, found one of another list",
        ),
      );
    expect(idsOf(await ask(api, `${LIST}?name=order&pageSize=2&continuationToken=${continuationToken}`))).toEqual([
      "order-2",
      "order-1",
    ]);
  });

  it.each([LIST, HEALTH, REBUILD])("[H123] %s without a catalog: 501, with the lines to add", async (target) => {
    const api = new Api();
    expect(await ask(api, target)).toEqual(refusal(501, "ERR_CATALOG_NOT_CONFIGURED", CATALOG_MISSING));
    for (const line of [
      'new_sqlite_classes = ["WorkflowCatalog"]',
      "export class WorkflowCatalog extends worker.WorkflowCatalog {}",
    ])
      expect(CATALOG_MISSING).toContain(`\n${line}`);
    expect((await api.send("GET /v1.0/workflows/dapr/order-1")).status).toBe(200);
    expect((await api.send("GET /v1.0/healthz/outbound")).status).toBe(204);
  });

  it("[H123] where the Worker wants none: 501, and it is not the binding that is missing", async () => {
    const api = new Api({ withoutCatalog: CATALOG_OFF });
    expect(await ask(api, LIST)).toEqual(refusal(501, "ERR_CATALOG_NOT_CONFIGURED", CATALOG_OFF));
    expect(CATALOG_OFF).toContain("catalog: false");
  });

  it.each([
    [LIST, "ERR_LIST_WORKFLOW", "error listing workflows"],
    [HEALTH, "ERR_CATALOG_WORKFLOW", "error asking the catalog of workflows"],
    [REBUILD, "ERR_CATALOG_WORKFLOW", "error asking the catalog of workflows"],
  ])("[H123] %s of another app: 500 %s", async (target, code, text) => {
    const reason = "app 'another' cannot be reached: this deployment serves the workflows of app 'edge' only";
    expect(await ask(three(), `${target}?appID=another`)).toEqual(refusal(500, code, `${text}: ${reason}`));
  });

  it("[H124] what is searched for may be a payload: it stands in no line of the log", async () => {
    const api = three();
    for (const query of [
      "attr.customer=SECRET",
      "name=SECRET",
      "q=Name%20%3D%20'SECRET'",
      "q=SECRET",
      "status=SECRET",
      "continuationToken=SECRET",
    ])
      await api.send(`${LIST}?${query}`);
    expect(api.log).toHaveLength(6);
    expect(JSON.stringify(api.log)).not.toContain("SECRET");
  });
});

describe("the catalog's own routes", () => {
  it("[H125] health: each shard with its rows and schema; those that do not answer are counted", async () => {
    const all = three();
    const { body } = await ask(all, HEALTH);
    const { shards } = body as { shards: readonly { entries: number; live: number }[] };
    expect(Object.keys(body as object)).toEqual(["shards"]);
    expect(shards).toHaveLength(3);
    expect(shards.reduce((sum, { entries }) => sum + entries, 0)).toBe(3);
    expect(shards.reduce((sum, { live }) => sum + live, 0)).toBe(1);
    const some = new Api({ catalog: catalogOf({ missing: ["0-1"] }) });
    expect(await ask(some, HEALTH)).toMatchObject({ status: 200, body: { shards: [{}], missingShards: 1 } });
    expect(await ask(all, `${HEALTH}?status=FAILED`)).toMatchObject({ status: 400 });
  });

  it("[H126] rebuild: who is there is listed again, who is not is counted, who cannot be asked is named; it may be repeated", async () => {
    const lost = entry("order-9", { createdAtMs: DAY + 9 });
    const catalog = catalogOf({
      instances: { "order-9": { type: "present", entry: lost, seq: 7, shard: "0-1" }, gone: { type: "absent" } },
    });
    const api = new Api({ catalog });
    const body = JSON.stringify({ instanceIDs: ["order-9", "gone", "unreachable"], reason: "a shard was lost" });
    for (let n = 0; n < 2; n++) {
      expect(await ask(api, REBUILD, body)).toEqual({
        status: 200,
        body: { announced: 1, missing: 1, failed: ["unreachable"] },
      });
      expect(idsOf(await ask(api, LIST))).toEqual(["order-9"]);
    }
    expect(api.log[0]).toMatchObject({
      route: "/v1.0/workflow-catalog/:component/rebuild",
      reason: "a shard was lost",
    });
  });

  it.each([
    ["", "instanceIDs is expected, found nothing"],
    ["[]", "expected a JSON object, found an array"],
    ['{"instanceIDs":[]}', "instanceIDs has at least 1 items, found 0"],
    ['{"instanceIDs":[""]}', "instanceIDs[0] is the ID of an instance, found an empty text"],
    [`{"instanceIDs":["${"x".repeat(1_025)}"]}`, "instanceIDs[0] has at most 1024 characters, found 1025"],
    [
      JSON.stringify({ instanceIDs: Array.from({ length: 21 }, (_, n) => `i${n}`) }),
      "instanceIDs has at most 20 items, found 21",
    ],
    ['{"instanceIds":["a"]}', "unknown field instanceIds, did you mean instanceIDs? Known: instanceIDs, reason"],
    ['{"instanceIDs":["a"],"force":true}', "unknown field force. Known: instanceIDs, reason"],
    [`{"instanceIDs":["a"],"reason":"${"x".repeat(1_001)}"}`, "reason has at most 1000 characters, found 1001"],
  ])("[H126] rebuild refuses %.60s", async (body, message) => {
    expect(await ask(three(), REBUILD, body)).toEqual(
      refusal(400, "ERR_MALFORMED_REQUEST", `failed deserializing HTTP body: ${message}`),
    );
  });

  it("[H126] rebuild without instances to ask says what is missing", async () => {
    const api = new Api({ catalog: catalogOf(), notReady: "the binding is missing" });
    expect(await ask(api, REBUILD, '{"instanceIDs":["a"]}')).toEqual(
      refusal(500, "ERR_CATALOG_WORKFLOW", "error asking the catalog of workflows: the binding is missing"),
    );
  });
});
