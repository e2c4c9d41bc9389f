// What a caller is told who has misspelt something, or whose configuration lacks something.
import { describe, expect, it } from "vitest";
import { ROUTES } from "../../../src/http/routes.ts";
import { bindingProblem } from "../../../src/instance/binding.ts";
import { faultMessage } from "../../../src/model/fault.ts";
import { Api, NO_ROUTE, read, refusal } from "./support.ts";

const START = "POST /v1.0/workflows/dapr/Hello/start";
const warningOf = async (target: string, api = new Api()) => (await api.send(target)).headers.get("warning");

describe("basePath", () => {
  it.each([
    ["GET /workflows-api/v1.0/workflows/dapr/a", 200],
    ["GET //workflows-api//v1.0/workflows/dapr/a/", 200],
    ["POST /workflows-api/v1.0/workflows/dapr/Hello/start?instanceID=a", 202],
    ["GET /workflows-api/v1.0/healthz", 204],
  ])("[H96] %s is %d", async (target, status) => {
    expect((await new Api({ basePath: "/workflows-api" }).send(target)).status).toBe(status);
  });

  it.each([
    "GET /v1.0/workflows/dapr/a",
    "GET /v1.0/healthz",
    "GET /",
    "GET /workflows-api",
    "GET /workflows-apix/v1.0/workflows/dapr/a",
    "GET /workflows-api%2fv1.0/workflows/dapr/a",
    "GET /Workflows-Api/v1.0/workflows/dapr/a",
    "GET /x/workflows-api/v1.0/workflows/dapr/a",
    "POST /workflows-api/workflows-api/v1.0/workflows/dapr/a/purge",
  ])("[H96] %s is Dapr's 404, and reaches no instance", async (target) => {
    const api = new Api({ basePath: "/workflows-api" });
    expect(await read(await api.send(target))).toEqual(NO_ROUTE);
    expect(api.calls).toEqual([]);
  });

  it("[H96] what lies outside needs the token too", async () => {
    const api = new Api({ basePath: "/workflows-api", apiToken: "s3cret" });
    expect((await api.send("GET /v1.0/healthz")).status).toBe(401);
    expect((await api.send("GET /workflows-api/v1.0/healthz")).status).toBe(204);
  });

  it("[H96] a caller in this process may leave it out", async () => {
    const api = new Api({ basePath: "/w", trusted: true });
    expect((await api.send("GET /v1.0/workflows/dapr/a")).status).toBe(200);
    expect((await api.send("GET /w/v1.0/workflows/dapr/a")).status).toBe(200);
  });
});

describe("query parameters that a route does not know", () => {
  it("[H97] are ignored with a warning, in the header and in the request's line in the log", async () => {
    const api = new Api();
    const response = await api.send(`${START}?instanceId=SECRET-VALUE`);
    expect([response.status, response.headers.get("warning")]).toEqual([
      202,
      '299 - "unknown query parameter instanceId, did you mean instanceID"',
    ]);
    expect(api.log).toMatchObject([
      { level: "warn", status: 202, warning: "unknown query parameter instanceId, did you mean instanceID" },
    ]);
    expect(JSON.stringify(api.log)).not.toContain("SECRET-VALUE");
  });

  it("[H97] none, or known ones alone: no warning", async () => {
    const api = new Api();
    for (const target of [
      START,
      `${START}?`,
      `${START}?instanceID=a&appID=edge&startTime=2026-01-02T03:04:05Z&reason=x&waitFor=started&timeoutSeconds=1&fetchPayloads=true`,
      "GET /v1.0/workflows/dapr/a?appID=edge&waitFor=started&timeoutSeconds=1&fetchPayloads=true",
      "GET /v1.0/workflows/dapr/a/history?limit=1&continuationToken=0",
      "POST /v1.0/workflows/dapr/a/purge?force=true&nonRecursive=true&reason=x",
      "POST /v1.0/workflows/dapr/a/terminate?nonRecursive=true&reason=x",
      "GET /v1.0/healthz?appid=edge",
    ]) {
      const response = await api.send(target);
      expect([target, response.headers.get("warning")]).toEqual([target, null]);
    }
    expect(api.log.filter((line) => "warning" in line)).toEqual([]);
  });

  it.each([
    [`${START}?instance_id=a`, "instance_id, did you mean instanceID"],
    [`${START}?zzz=1`, "zzz"],
    ["GET /v1.0/workflows/dapr/a?fetchPayload=false", "fetchPayload, did you mean fetchPayloads"],
    ["GET /v1.0/workflows/dapr/a?instanceID=b", "instanceID"],
    ["POST /v1.0/workflows/dapr/a/purge?Force=true", "Force, did you mean force"],
    ["POST /v1.0/workflows/dapr/a/terminate?non_recursive=true", "non_recursive, did you mean nonRecursive"],
    ["GET /v1.0/healthz?appID=edge", "appID, did you mean appid"],
    ["POST /v1.0-alpha1/workflows/dapr/Hello/a/start", undefined],
  ])("[H97] %s: %s", async (target, expected) => {
    expect(await warningOf(target)).toBe(expected === undefined ? null : `299 - "unknown query parameter ${expected}"`);
  });

  it.each([
    ['%22, 299 - "x', "%22%2C%20299%20-%20%22x"],
    ["%0d%0aset-cookie:%20a", "%0D%0Aset-cookie%3A%20a"],
    ["%5c%22", "%5C%22"],
    ["%00", "%00"],
    ["ünï😀", "%C3%BCn%C3%AF%F0%9F%98%80"],
    ["%ff", "%EF%BF%BD"],
    ["", ""],
    ["__proto__", "__proto__"],
    ["x".repeat(5_000), `${"x".repeat(64)}...`],
    [`${"x".repeat(63)}😀`, `${"x".repeat(63)}%EF%BF%BD...`],
  ])("[H97] the name %j stands in the header as a URL has it", async (name, shown) => {
    expect(await warningOf(`${START}?${name}=1`)).toBe(`299 - "unknown query parameter ${shown}"`);
  });

  it("[H97] several: each once, five of them by name, the rest counted", async () => {
    expect(await warningOf(`${START}?b1=1&b2=1&b1=2&b1=3`)).toBe(
      '299 - "unknown query parameter b1", 299 - "unknown query parameter b2"',
    );
    const six = await warningOf(`${START}?${[1, 2, 3, 4, 5, 6].map((n) => `b${n}=1`).join("&")}`);
    expect(six).toMatch(/b5", 299 - "and 1 more unknown query parameters"$/);
    const many = Array.from({ length: 3_000 }, (_, n) => `name${n}=1`).join("&");
    const warning = await warningOf(`${START}?${many}`);
    expect(warning?.match(/299 - "[^"]*"/g)).toHaveLength(6);
    expect(warning).toMatch(/, 299 - "and 2995 more unknown query parameters"$/);
  });

  it.each([
    [
      "GET /v1.0/workflows/dapr/a/history?type=TaskFailed",
      "type, did you mean types. Known: appID, order, types, contains,",
    ],
    ["GET /v1.0/workflows/dapr/a/history?since=5", "since. Known: appID, order, types, contains, format, limit,"],
    ["POST /v1.0/workflows/dapr/a/cancel?reson=x", "reson, did you mean reason. Known: appID, reason"],
  ])("[H97] %s is refused: a filter or a reason that nobody reads would pass for one", async (target, says) => {
    const api = new Api();
    expect(await read(await api.send(target))).toEqual({
      status: 400,
      body: { errorCode: "ERR_MALFORMED_REQUEST", message: expect.stringContaining(`unknown query parameter ${says}`) },
    });
    expect(api.calls).toEqual([]);
  });

  it("[H97] a request that is refused has the warning too", async () => {
    const api = new Api();
    api.answers.state = undefined;
    const response = await api.send("GET /v1.0/workflows/dapr/a?wait_for=completed");
    expect([response.status, response.headers.get("warning")]).toEqual([
      404,
      expect.stringContaining("did you mean waitFor"),
    ]);
  });

  it("[H97] every route has a row in the one table, and no two rows are the same", () => {
    const rows = ROUTES.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(rows).size).toBe(rows.length);
    for (const { role, path, parameters } of ROUTES)
      if (role !== "viewer")
        expect([path, Object.keys(parameters)]).toEqual([path, expect.arrayContaining(["appID", "reason"])]);
  });
});

const LINES = `[[durable_objects.bindings]]
name = "WORKFLOW_INSTANCE"
class_name = "WorkflowInstance"

[[migrations]]
tag = "v1"
new_sqlite_classes = ["WorkflowInstance"]`;
class DurableObjectNamespace {
  getByName(): void {}
}
/** A service binding has a method of every name. */
class Fetcher {
  getByName(): void {}
}

describe("a configuration that lacks something", () => {
  it("[H98] the right binding is no problem, whatever else there is", () => {
    expect(bindingProblem({ WORKFLOW_INSTANCE: new DurableObjectNamespace(), OTHER: 1 })).toBeUndefined();
  });

  it.each([
    [{}, "the binding WORKFLOW_INSTANCE is missing (no Durable Object namespace is bound)"],
    [{ WORKFLOW_INSTANCE: null }, "the binding WORKFLOW_INSTANCE is missing (no Durable Object namespace is bound)"],
    [{ TEXT: "x", KV: {} }, "no Durable Object namespace is bound"],
    [{ WORKFLOWS: new DurableObjectNamespace() }, "bound are the Durable Object namespaces WORKFLOWS"],
    [{ SERVICE: new Fetcher() }, "no Durable Object namespace is bound"],
    [{ WORKFLOW_INSTANCE: new Fetcher() }, "the binding WORKFLOW_INSTANCE is a Fetcher"],
    [{ WORKFLOW_INSTANCE: "text" }, "the binding WORKFLOW_INSTANCE is a value of type string"],
    [{ WORKFLOW_INSTANCE: new (class KvNamespace {})() }, "the binding WORKFLOW_INSTANCE is a KvNamespace"],
  ])("[H98] %j: what is found, and the lines to add", (env, found) => {
    const problem = bindingProblem(env);
    expect(problem).toContain(found);
    expect(problem).toContain(LINES);
  });

  const notReady = bindingProblem({});

  it.each([
    ["POST /v1.0/workflows/dapr/Hello/start", "ERR_START_WORKFLOW", "error starting workflow 'Hello': "],
    ["GET /v1.0/workflows/dapr/a", "ERR_GET_WORKFLOW", "error while getting workflow info on instance 'a': "],
    ["POST /v1.0/workflows/dapr/a/raiseEvent/E", "ERR_RAISE_EVENT_WORKFLOW", "error raising event on workflow 'a': "],
    ["POST /v1.0/workflows/dapr/a/purge", "ERR_PURGE_WORKFLOW", "error purging workflow a: "],
    ["GET /v1.0/workflows/dapr/a/history", "ERR_HISTORY_WORKFLOW", "error reading the history of workflow 'a': "],
  ])("[H98] %s: 500 %s says so, and that nothing was changed; no instance is asked", async (target, code, text) => {
    const api = new Api({ notReady });
    expect(await read(await api.send(target))).toEqual(refusal(500, code, `${text}${notReady}`));
    expect(notReady).toMatch(/nothing was changed/);
    expect(api.calls).toEqual([]);
    expect(api.log).toMatchObject([{ level: "error", fault: { name: "ConfigurationError", message: notReady } }]);
  });

  it("[H98] healthz/outbound is 500, healthz and metadata are not", async () => {
    const api = new Api({ notReady });
    expect(await read(await api.send("GET /v1.0/healthz/outbound"))).toEqual(
      refusal(500, "ERR_OUTBOUND_HEALTH_NOT_READY", `dapr outbound is not ready: ${notReady}`),
    );
    expect((await api.send("GET /v1.0/healthz")).status).toBe(204);
    expect((await api.send("GET /v1.0/metadata")).status).toBe(200);
    expect(api.calls).toEqual([]);
  });

  it("[H98] a class without SQLite: the first call tells, and it is asked once", async () => {
    const api = new Api();
    const text = "SQL is not enabled for this Durable Object class. To enable it, change `new_classes` to …";
    api.answers.start = Object.assign(new Error(text), { remote: true });
    const { status, body } = await read(await api.send(START));
    expect([status, body]).toMatchObject([500, { errorCode: "ERR_START_WORKFLOW" }]);
    const { message } = body as { message: string };
    expect(message).toContain('new_sqlite_classes = ["WorkflowInstance"]');
    expect(message).toContain("nothing was changed");
    expect(message).not.toMatch(/unknown|did not answer/);
    expect(api.calls.length).toBe(1);
    expect(api.log).toMatchObject([
      { level: "error", fault: { name: "ConfigurationError", message: expect.stringContaining("new_sqlite_classes") } },
    ]);
  });

  it("[H98] from then on healthz/outbound says so too; until then nobody knows, because it asks no instance", async () => {
    const api = new Api();
    expect((await api.send("GET /v1.0/healthz/outbound")).status).toBe(204);
    api.answers.start = new Error("SQL is not enabled for this Durable Object class.");
    await api.send(START);
    expect(await read(await api.send("GET /v1.0/healthz/outbound"))).toMatchObject({
      status: 500,
      body: { errorCode: "ERR_OUTBOUND_HEALTH_NOT_READY", message: expect.stringContaining("new_sqlite_classes") },
    });
    expect((await new Api().send("GET /v1.0/healthz/outbound")).status).toBe(204);
  });
});

describe("a start of a workflow that is not registered", () => {
  const start = "POST /v1.0/workflows/dapr/OrderProcesing/start?instanceID=a";

  it("[H99] is accepted by default, as in Dapr", async () => {
    expect((await new Api().send(start)).status).toBe(202);
  });

  it.each([
    [
      start,
      "workflow 'OrderProcesing' is not registered, did you mean OrderProcessing? Registered: OrderProcessing, Hello",
    ],
    [
      "POST /v1.0/workflows/dapr/helo/start",
      "workflow 'helo' is not registered, did you mean Hello? Registered: Hello, OrderProcessing",
    ],
    [
      "POST /v1.0-alpha1/workflows/dapr/xyz/a/start",
      "workflow 'xyz' is not registered. Registered: OrderProcessing, Hello",
    ],
    [
      "POST /v1.0/workflows/dapr/constructor/start",
      "workflow 'constructor' is not registered. Registered: OrderProcessing, Hello",
    ],
  ])('[H99] is 400 with unknownWorkflows: "refuse": %s', async (target, message) => {
    const api = new Api({ refusesUnknownWorkflows: true });
    expect(await read(await api.send(target, '{"input":1}'))).toEqual(
      refusal(400, "ERR_WORKFLOW_NOT_REGISTERED", message),
    );
    expect(api.calls).toEqual([]);
  });

  it("[H99] one that is registered is started, and none at all are told as such", async () => {
    const api = new Api({ refusesUnknownWorkflows: true });
    expect((await api.send(START)).status).toBe(202);
    const empty = new Api({ refusesUnknownWorkflows: true, registered: () => ({ workflows: [], activities: [] }) });
    expect(await read(await empty.send(START))).toMatchObject({
      body: { message: expect.stringMatching(/Registered: none$/) },
    });
  });
});

describe("reasons", () => {
  const operations = [
    ["terminate", "terminate"],
    ["pause", "suspend"],
    ["resume", "resume"],
    ["cancel", "cancel"],
    ["purge", "purge"],
  ] as const;

  it.each(operations)("[H100] %s takes ?reason= and the body's field, which counts", async (operation, method) => {
    const api = new Api();
    const target = `POST /v1.0/workflows/dapr/a/${operation}`;
    await api.send(`${target}?reason=from%20the+query`);
    await api.send(target, '{"reason":"body"}');
    await api.send(`${target}?reason=query`, '{"reason":"body"}');
    await api.send(target);
    expect(api.calls.map(([name, , argument]) => [name, (argument as { reason?: string }).reason])).toEqual([
      [method, "from the query"],
      [method, "body"],
      [method, "body"],
      [method, undefined],
    ]);
    expect((await api.send(target, '{"reason":7}')).status).toBe(400);
    expect((await api.send(target, `{"reason":"${"x".repeat(1_001)}"}`)).status).toBe(400);
    expect((await api.send(`${target}?reason=${"x".repeat(1_000)}`)).status).toBe(202);
    expect(api.calls).toHaveLength(5);
    expect(JSON.stringify(api.log)).not.toMatch(/body|query"/);
  });

  it.each([
    "POST /v1.0/workflows/dapr/Hello/start",
    "POST /v1.0/workflows/dapr/a/raiseEvent/E",
    "POST /v1.0/workflows/dapr/a/update/U",
  ])(
    "[H100] %s: ?reason= goes into the history, and to the log unless payloads are encrypted; the body is a payload",
    async (target) => {
      const api = new Api();
      await api.send(`${target}?reason=ticket%2042`, '{"reason":"PAYLOAD"}');
      await api.send(target);
      await api.send(`${target}?reason=two%0D%0Alines%E2%80%A8and%00more`);
      expect(api.log.map((line) => line.reason)).toEqual(["ticket 42", undefined, "two lines and more"]);
      const asked = api.calls.map(([, , argument]) => (argument as { reason?: string }).reason);
      expect(asked).toEqual(["ticket 42", undefined, "two\r\nlines\u2028and\0more"]);
      const sealed = new Api({ hidesReasons: true });
      await sealed.send(`${target}?reason=ticket%2042`);
      expect(sealed.log[0]).not.toHaveProperty("reason");
      expect(sealed.calls[0]?.[2]).toMatchObject({ reason: "ticket 42" });
    },
  );

  it("[H100] one that is too long is refused, and nothing is asked", async () => {
    const api = new Api();
    const response = await api.send(`POST /v1.0/workflows/dapr/a/raiseEvent/E?reason=${"x".repeat(1_001)}`);
    expect(await read(response)).toMatchObject({
      status: 400,
      body: { errorCode: "ERR_MALFORMED_REQUEST", message: "reason has at most 1000 characters, found 1001" },
    });
    expect(api.calls).toEqual([]);
  });
});

describe("the message of a fault, in the log", () => {
  it.each([
    [new Error("internal error; reference = abc123"), "internal error; reference = abc123"],
    [
      new TypeError("Cannot read properties of undefined (reading 'start')"),
      "Cannot read properties of undefined (reading 'start')",
    ],
    [
      new SyntaxError(`Unexpected token 'h', "hello PAYLOAD" is not valid JSON`),
      `Unexpected token '…', "…" is not valid JSON`,
    ],
    [
      new SyntaxError(`Unexpected token 'P', ..."{"a":PAYLOAD}" is not valid JSON`),
      `Unexpected token '…', ..."…" is not valid JSON`,
    ],
    [new Error("'a whole PAYLOAD' was found"), "'…' was found"],
    [new Error("change `new_classes` to `a PAYLOAD` now"), "change `new_classes` to `…` now"],
    [new Error("found 'PAYLOAD that has no end"), "found …"],
    [new Error('found "PAYLOAD that has no end'), "found …"],
    [new Error("two\n\tlines\u0000"), "two lines "],
    [new Error("x".repeat(5_000)), `${"x".repeat(300)}…`],
    [new Error(`"${"PAYLOAD ".repeat(1_000)}`), "…"],
    ["PAYLOAD", ""],
    [{ message: "PAYLOAD" }, ""],
    [undefined, ""],
    [new Error(undefined), ""],
  ])("[H101] one line, bounded, without what it quotes: %#", (thrown, expected) => {
    expect(faultMessage(thrown)).toBe(expected);
  });

  it("[H101] is short whatever is quoted, and is looked at no further than four times as far", () => {
    for (const part of ["'", '"', "`", "'a", " '", "…'", "\n"])
      expect(faultMessage(new Error(part.repeat(1_000_000))).length).toBeLessThanOrEqual(301);
  });
});
