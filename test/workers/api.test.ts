// The routes and the answers of Dapr's Workflow API, on real instances.
import { describe, expect, it } from "vitest";
import { createWorker } from "../../src/index.ts";
import {
  ACCEPTED,
  ask,
  ended,
  historyOf,
  newId,
  operate,
  outputOf,
  PREFIXES,
  raise,
  refusal,
  send,
  start,
  stateOf,
  W,
} from "./support.ts";
import { beginningsOf, gate, runsOf } from "./workflows.ts";

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/;
const notFound = (id: string) =>
  refusal(404, "ERR_INSTANCE_ID_NOT_FOUND", `unable to find workflow with the provided instance ID: ${id}`);
const alreadyActive = (name: string, id: string) =>
  refusal(
    500,
    "ERR_START_WORKFLOW",
    `error starting workflow '${name}': unable to start workflow: failed to start workflow: rpc error: code = AlreadyExists desc = an active workflow with ID '${id}' already exists`,
  );
const notCompleted = (id: string) =>
  refusal(
    500,
    "ERR_PURGE_WORKFLOW",
    `error purging workflow ${id}: failed to Purge workflow ${id}: failed to purge workflow state: orchestration has not yet completed`,
  );

describe.each(PREFIXES)("[W1] every route under /%s", (prefix) => {
  const base = `/${prefix}/workflows/dapr`;

  it("[W1.1] start, get, raise, pause, resume, terminate, purge", async () => {
    const id = newId();
    expect(await ask(`POST ${base}/awaitEvents/start?instanceID=${id}`, '{"name":"n","count":2}')).toEqual({
      status: 202,
      body: { instanceID: id },
    });
    expect(await ask(`POST ${base}/${id}/raiseEvent/n`, "1")).toEqual(ACCEPTED);
    expect(await ask(`POST ${base}/${id}/pause`)).toEqual(ACCEPTED);
    expect(await ask(`GET ${base}/${id}`)).toEqual({
      status: 200,
      body: {
        instanceID: id,
        workflowName: "awaitEvents",
        createdAt: expect.stringMatching(TIME),
        lastUpdatedAt: expect.stringMatching(TIME),
        runtimeStatus: "SUSPENDED",
        properties: { "dapr.workflow.input": '{"name":"n","count":2}', "dapr.workflow.custom_status": "" },
      },
    });
    expect(await ask(`POST ${base}/${id}/resume`)).toEqual(ACCEPTED);
    expect((await ask(`GET ${base}/${id}`)).body).toMatchObject({ runtimeStatus: "RUNNING" });
    expect(await ask(`POST ${base}/${id}/terminate`)).toEqual(ACCEPTED);
    expect((await ask(`GET ${base}/${id}`)).body).toMatchObject({ runtimeStatus: "TERMINATED" });
    expect(await ask(`POST ${base}/${id}/purge`)).toEqual(ACCEPTED);
    expect(await ask(`GET ${base}/${id}`)).toEqual(notFound(id));
  });

  it("[W1.2] a start without an ID gets a UUID; any component will do; JSON everywhere", async () => {
    for (const query of ["", "?instanceID="]) {
      const response = await send(`POST /${prefix}/workflows/anything/echo/start${query}`);
      expect([response.status, response.headers.get("content-type")]).toEqual([202, "application/json"]);
      const { instanceID } = (await response.json()) as { instanceID: string };
      expect(instanceID).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect((await ended(instanceID)).runtimeStatus).toBe("COMPLETED");
    }
  });

  it("[W1.3] an unknown route or a wrong method is 404 ERR_DIRECT_INVOKE", async () => {
    const none = refusal(
      404,
      "ERR_DIRECT_INVOKE",
      "failed getting app id either from the URL path or the header dapr-app-id",
    );
    for (const target of [
      `GET ${base}/echo/start/x/y`,
      `PUT ${base}/x/pause`,
      `DELETE ${base}/x`,
      `POST ${base}/x`,
      `POST ${base}/x/raiseEvent`,
      `POST ${base}/x/replay`,
      `GET /${prefix}/workflows`,
    ]) {
      expect(await ask(target), target).toEqual(none);
    }
  });

  it("[W1.4] nothing is known under an unknown ID", async () => {
    const id = newId("unknown");
    const noSuch = "no such instance exists";
    expect(await ask(`GET ${base}/${id}`)).toEqual(notFound(id));
    expect(await ask(`POST ${base}/${id}/terminate`)).toEqual(notFound(id));
    expect(await ask(`POST ${base}/${id}/purge`)).toEqual(notFound(id));
    expect(await ask(`POST ${base}/${id}/raiseEvent/E`)).toEqual(
      refusal(
        500,
        "ERR_RAISE_EVENT_WORKFLOW",
        `error raising event on workflow '${id}': failed to raise event E on workflow ${id}: failed to raise event: ${noSuch}`,
      ),
    );
    expect(await ask(`POST ${base}/${id}/pause`)).toEqual(
      refusal(
        500,
        "ERR_PAUSE_WORKFLOW",
        `error pausing workflow ${id}: failed to pause workflow ${id}: failed to suspend workflow: ${noSuch}`,
      ),
    );
    expect(await ask(`POST ${base}/${id}/resume`)).toEqual(
      refusal(
        500,
        "ERR_RESUME_WORKFLOW",
        `error resuming workflow ${id}: failed to resume workflow ${id}: failed to resume workflow: ${noSuch}`,
      ),
    );
    expect(await ask(`GET ${base}/${id}`)).toEqual(notFound(id));
  });

  it("[W1.5] malformed requests are 400 and change nothing", async () => {
    const tooLong = `${"é".repeat(32)}x`;
    expect(await ask(`POST ${base}/echo/start?instanceID=${encodeURIComponent(tooLong)}`)).toEqual(
      refusal(400, "ERR_INSTANCE_ID_TOO_LONG", "workflow instance ID exceeds the max length of 64 characters"),
    );
    expect(await ask(`POST ${base}/echo/start?instanceID=a.b`)).toEqual(
      refusal(
        400,
        "ERR_INSTANCE_ID_INVALID",
        "workflow instance ID 'a.b' is invalid: only alphanumeric and underscore characters are allowed",
      ),
    );
    expect(await ask(`GET ${base}/${encodeURIComponent(tooLong)}`)).toEqual(notFound(tooLong));
    expect(await ask(`GET ${base}/a.b`)).toEqual(notFound("a.b"));
    const id = await start("awaitEvent", "E");
    for (const operation of ["terminate", "pause", "resume", "purge"]) {
      const { status, body } = await ask(`POST ${base}/${id}/${operation}`, "{no json");
      expect([status, (body as { errorCode: string }).errorCode]).toEqual([400, "ERR_MALFORMED_REQUEST"]);
    }
    expect((await stateOf(id)).runtimeStatus).toBe("RUNNING");
    const badEscape = await send(`GET ${base}/%zz`);
    expect([badEscape.status, badEscape.headers.get("content-type")]).toEqual([400, "text/plain; charset=utf-8"]);
  });
});

describe("[W1] start and the ID it is for", () => {
  it("[W1.10] is refused while an instance with this ID is active: running, pending, suspended", async () => {
    const running = await start("awaitEvent", "E");
    expect(await ask(`POST ${W}/echo/start?instanceID=${running}`)).toEqual(alreadyActive("echo", running));
    await operate(running, "pause");
    expect(await ask(`POST ${W}/echo/start?instanceID=${running}`)).toEqual(alreadyActive("echo", running));
    const pending = newId();
    const later = new Date(Date.now() + 3_600_000).toISOString();
    await ask(`POST ${W}/echo/start?instanceID=${pending}&startTime=${later}`);
    expect(await ask(`POST ${W}/echo/start?instanceID=${pending}`)).toEqual(alreadyActive("echo", pending));
    expect((await stateOf(running)).properties?.["dapr.workflow.input"]).toBe('"E"');
  });

  it("[W1.11] two racing starts: exactly one wins", async () => {
    for (let round = 0; round < 5; round++) {
      const id = newId();
      const starts = ["a", "b", "c", "d"].map((input) =>
        ask(`POST ${W}/awaitEvent/start?instanceID=${id}`, JSON.stringify(input)),
      );
      const answers = await Promise.all(starts);
      const winners = answers.flatMap(({ status }, n) => (status === 202 ? [n] : []));
      expect(winners).toHaveLength(1);
      for (const [n, answer] of answers.entries()) {
        if (!winners.includes(n)) expect(answer).toEqual(alreadyActive("awaitEvent", id));
      }
      const input = JSON.stringify("abcd"[winners[0] ?? 0]);
      expect((await stateOf(id)).properties?.["dapr.workflow.input"]).toBe(input);
    }
  });

  it.each([
    ["COMPLETED", "echo", "first"],
    ["FAILED", "thrower", "first"],
    ["TERMINATED", "awaitEvent", "first"],
  ])(
    "[W1.12] the ID of a %s instance is free again, and nothing of the old one is left",
    async (status, name, input) => {
      const id = await start(name, input);
      if (status === "TERMINATED") await operate(id, "terminate");
      expect((await ended(id)).runtimeStatus).toBe(status);
      await start("inspect", "second", id);
      expect((await ended(id)).properties).toEqual({
        "dapr.workflow.input": '"second"',
        "dapr.workflow.output": JSON.stringify({ type: "string", input: "second", id }),
        "dapr.workflow.custom_status": "",
      });
      expect(await historyOf(id)).toEqual(["ExecutionStarted", "ExecutionCompleted"]);
    },
  );

  it("[W1.13] the ID of a terminated instance is not free while an activity of it runs", async () => {
    const name = newId("gate");
    const id = await start("gatedSteps", [name]);
    await gate(name).reached();
    await operate(id, "terminate");
    expect(await ask(`POST ${W}/echo/start?instanceID=${id}`)).toEqual(
      refusal(
        500,
        "ERR_START_WORKFLOW",
        `error starting workflow 'echo': unable to start workflow: failed to start workflow: a terminated workflow with ID '${id}' is already awaiting an activity result`,
      ),
    );
    gate(name).open();
    await expect.poll(async () => (await ask(`POST ${W}/echo/start?instanceID=${id}`)).status).toBe(202);
    expect((await ended(id)).runtimeStatus).toBe("COMPLETED");
  });

  it("[W1.14] an unregistered workflow is accepted, and fails", async () => {
    const id = await start("nobodyKnowsIt", 1);
    expect((await ended(id)).properties).toEqual({
      "dapr.workflow.input": "1",
      "dapr.workflow.custom_status": "",
      "dapr.workflow.failure.error_type": "OrchestratorNotRegisteredError",
      "dapr.workflow.failure.error_message": expect.stringMatching(
        /^Orchestrator 'nobodyKnowsIt' does not exist\. Registered are: \w+, .*\.$/,
      ),
    });
    expect((await stateOf(id)).runtimeStatus).toBe("FAILED");
  });

  it("[W1.15] names and IDs with Unicode letters, digits, _ and -", async () => {
    const id = "Überweisung_7-éa٣";
    const path = `${W}/${encodeURIComponent(id)}`;
    expect(await ask(`POST ${W}/inspect/start?instanceID=${encodeURIComponent(id)}`)).toEqual({
      status: 202,
      body: { instanceID: id },
    });
    expect((await ask(`GET ${path}?waitFor=completed`)).body).toMatchObject({ instanceID: id });
    expect(await outputOf(id)).toEqual({ type: "undefined", input: "none", id });
  });
});

describe("[W1] operations and the state they find", () => {
  it("[W1.20] raise to an ended instance: 202 and dropped", async () => {
    const id = await start("echo", 1);
    const before = await ended(id);
    await raise(id, "E", 1);
    expect(await stateOf(id)).toEqual(before);
    expect(await historyOf(id)).toEqual(["ExecutionStarted", "ExecutionCompleted"]);
  });

  it("[W1.21] pause paused, resume running, pause and resume ended: 202 and no change", async () => {
    const id = await start("awaitEvent", "E");
    await operate(id, "resume");
    expect((await stateOf(id)).runtimeStatus).toBe("RUNNING");
    await operate(id, "pause");
    await operate(id, "pause");
    expect((await stateOf(id)).runtimeStatus).toBe("SUSPENDED");
    await operate(id, "resume");
    await raise(id, "E", "end");
    await ended(id);
    await operate(id, "pause");
    await operate(id, "resume");
    expect((await stateOf(id)).runtimeStatus).toBe("COMPLETED");
    expect(await historyOf(id)).toEqual([
      "ExecutionStarted",
      "ExecutionSuspended",
      "ExecutionResumed",
      "EventRaised",
      "ExecutionCompleted",
    ]);
  });

  it("[W1.22] terminate: running, suspended; again and after the end it does nothing", async () => {
    const id = await start("awaitEvent", "E");
    await operate(id, "pause");
    expect(await ask(`POST ${W}/${id}/terminate`, '{"output":{"by":"me"}}')).toEqual(ACCEPTED);
    const state = await ended(id);
    expect([state.runtimeStatus, state.properties]).toEqual([
      "TERMINATED",
      {
        "dapr.workflow.input": '"E"',
        "dapr.workflow.output": '{"by":"me"}',
        "dapr.workflow.custom_status": "waiting for E",
      },
    ]);
    expect(await ask(`POST ${W}/${id}/terminate`, '{"output":"too late"}')).toEqual(ACCEPTED);
    expect(await stateOf(id)).toEqual(state);
    const completed = await start("echo", 1);
    await ended(completed);
    await operate(completed, "terminate");
    expect((await stateOf(completed)).runtimeStatus).toBe("COMPLETED");
  });

  it("[W1.23] a completion that comes after a terminate is dropped", async () => {
    const name = newId("gate");
    const id = await start("gatedSteps", [name, name]);
    await gate(name).reached();
    await operate(id, "terminate");
    const state = await ended(id);
    gate(name).open();
    await expect.poll(async () => (await ask(`POST ${W}/echo/start?instanceID=${id}`)).status).toBe(202);
    expect(state.runtimeStatus).toBe("TERMINATED");
    expect(runsOf(id)).toHaveLength(1);
  });

  it("[W1.24] purge: not what is running or suspended; a pending one is not found; the second finds nothing", async () => {
    const id = await start("awaitEvent", "E");
    expect(await ask(`POST ${W}/${id}/purge`)).toEqual(notCompleted(id));
    await operate(id, "pause");
    expect(await ask(`POST ${W}/${id}/purge`)).toEqual(notCompleted(id));
    await operate(id, "terminate");
    await operate(id, "purge");
    expect(await ask(`POST ${W}/${id}/purge`)).toEqual(notFound(id));
    const pending = newId();
    const later = new Date(Date.now() + 3_600_000).toISOString();
    await ask(`POST ${W}/awaitEvent/start?instanceID=${pending}&startTime=${later}`, '"E"');
    expect(await ask(`POST ${W}/${pending}/purge`)).toEqual(notFound(pending));
    expect((await stateOf(pending)).runtimeStatus).toBe("PENDING");
    await operate(pending, "terminate");
    expect((await ended(pending)).runtimeStatus).toBe("TERMINATED");
  });

  it("[W1.25] a purged ID can be started at once", async () => {
    const id = await start("echo", 1);
    await ended(id);
    await operate(id, "purge");
    await start("echo", 2, id);
    expect(await outputOf(id)).toBe(2);
  });

  it("[W1.26] before a scheduled start an event is kept, a pause holds, and nothing begins early", async () => {
    const id = newId();
    const startAtMs = Date.now() + 1_500;
    const startTime = new Date(startAtMs).toISOString();
    await ask(`POST ${W}/awaitEvent/start?instanceID=${id}&startTime=${startTime}`, '"E"');
    await raise(id, "E", "early");
    await operate(id, "pause");
    expect((await stateOf(id)).runtimeStatus).toBe("SUSPENDED");
    await operate(id, "resume");
    expect((await stateOf(id)).runtimeStatus).toBe("PENDING");
    expect(await outputOf(id)).toBe("early");
    expect(Date.now()).toBeGreaterThanOrEqual(startAtMs);
  });

  it("[W1.27] events: names in any case, kept for later, in order, one waits for one", async () => {
    const id = await start("awaitEvents", { name: "order", count: 4 });
    for (const [n, name] of ["order", "ORDER", "Order", "oRDER"].entries()) await raise(id, name, n);
    expect(await outputOf(id)).toEqual([0, 1, 2, 3]);
  });

  it("[W1.28] two raises with the same name and payload are two events", async () => {
    const id = await start("awaitEvents", { name: "same", count: 2 });
    await Promise.all([raise(id, "same", "x"), raise(id, "same", "x")]);
    expect(await outputOf(id)).toEqual(["x", "x"]);
  });

  it("[W1.35] a hundred raises at the same time: each counts once", async () => {
    const id = await start("awaitEvents", { name: "n", count: 100 });
    await Promise.all(Array.from({ length: 100 }, (_, n) => raise(id, "n", n)));
    const seen = (await outputOf(id)) as number[];
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });

  it("[W1.36] terminate before a scheduled start: TERMINATED, and the code is never begun", async () => {
    const id = newId();
    const later = new Date(Date.now() + 3_600_000).toISOString();
    await ask(`POST ${W}/echo/start?instanceID=${id}&startTime=${later}`, "1");
    await operate(id, "terminate");
    expect((await ended(id)).runtimeStatus).toBe("TERMINATED");
    expect(beginningsOf(id)).toBe(0);
  });

  it("[W1.29] a wait ends with its timeout when nothing happens, and at once when something does", async () => {
    const id = await start("awaitEvent", "E");
    const before = Date.now();
    const early = await stateOf(id, "?waitFor=completed&timeoutSeconds=0.1");
    expect([early.runtimeStatus, Date.now() - before >= 100]).toEqual(["RUNNING", true]);
    const waiting = stateOf(id, "?waitFor=completed&timeoutSeconds=30");
    await raise(id, "E", 1);
    expect((await waiting).runtimeStatus).toBe("COMPLETED");
  });
});

describe("[W1] payloads", () => {
  const texts = [
    "not json",
    "{bad",
    " 1 ",
    '{"a" : 1}',
    "0",
    "false",
    '""',
    "null",
    "äöü€😀",
    "\ufeff{}",
    "a\u0000b",
    "",
  ];

  it.each(texts)("[W1.30] an input comes back byte for byte: %j", async (text) => {
    const id = newId();
    await ask(`POST ${W}/inspect/start?instanceID=${id}`, text);
    await ended(id);
    const response = await send(`GET ${W}/${id}`);
    const { properties } = (await response.json()) as { properties: Record<string, string> };
    expect(properties["dapr.workflow.input"]).toBe(text);
  });

  it("[W1.31] the workflow gets the parsed JSON, the text where it is none, and undefined for nothing", async () => {
    const given = async (text: string) => {
      const id = newId();
      await ask(`POST ${W}/inspect/start?instanceID=${id}`, text);
      const { type, input } = (await outputOf(id)) as { type: string; input: unknown };
      return [type, input];
    };
    expect(await given('{"a":[1]}')).toEqual(["object", { a: [1] }]);
    expect(await given("0")).toEqual(["number", 0]);
    expect(await given("false")).toEqual(["boolean", false]);
    expect(await given('""')).toEqual(["string", ""]);
    expect(await given("{bad")).toEqual(["string", "{bad"]);
    expect(await given("")).toEqual(["undefined", "none"]);
  });

  it.each([
    ["{bad", "{bad"],
    ["", undefined],
    ['{"a":1}', { a: 1 }],
    ["0", 0],
    ["a\u0000b", "a\u0000b"],
  ])("[W1.32] an event's body %j reaches the workflow", async (text, expected) => {
    const id = await start("awaitEvent", "E");
    expect(await ask(`POST ${W}/${id}/raiseEvent/E`, text)).toEqual(ACCEPTED);
    expect(await outputOf(id)).toEqual(expected);
  });

  it("[W1.33] 4 MiB of input pass, one byte more does not", async () => {
    const id = newId();
    const full = "x".repeat(4 * 1024 * 1024);
    expect((await ask(`POST ${W}/echo/start?instanceID=${id}`, full)).status).toBe(202);
    const state = await ended(id);
    expect(state.properties?.["dapr.workflow.input"] === full).toBe(true);
    expect(state.properties?.["dapr.workflow.output"] === JSON.stringify(full)).toBe(true);
    expect(await ask(`POST ${W}/echo/start?instanceID=${newId()}`, `${full}x`)).toEqual(
      refusal(400, "ERR_BODY_READ", "failed to read request body: http: request body too large"),
    );
  });

  it("[W1.34] an event name may hold what a URL can escape", async () => {
    const name = "a b/c+d%é";
    const id = await start("awaitEvent", name);
    expect(await ask(`POST ${W}/${id}/raiseEvent/${encodeURIComponent(name)}`, "1")).toEqual(ACCEPTED);
    expect(await outputOf(id)).toBe(1);
  });
});

describe("[W1] the properties of GET are exactly", () => {
  const propertiesOf = async (id: string) => (await ended(id)).properties;

  it("[W1.40] of a completed instance: input, output, custom status", async () => {
    const id = await start("awaitEvent", "E");
    await raise(id, "E", { a: "ö" });
    expect(await propertiesOf(id)).toEqual({
      "dapr.workflow.input": '"E"',
      "dapr.workflow.output": '{"a":"ö"}',
      "dapr.workflow.custom_status": "waiting for E",
    });
  });

  it("[W1.41] of one without a result: no output", async () => {
    const id = await start("awaitEvent", "E");
    await raise(id, "E");
    expect(await propertiesOf(id)).toEqual({
      "dapr.workflow.input": '"E"',
      "dapr.workflow.custom_status": "waiting for E",
    });
  });

  it("[W1.42] of a failed one: no output, but the failure", async () => {
    expect(await propertiesOf(await start("thrower", "out of range"))).toEqual({
      "dapr.workflow.input": '"out of range"',
      "dapr.workflow.custom_status": "",
      "dapr.workflow.failure.error_type": "RangeError",
      "dapr.workflow.failure.error_message": "out of range",
      "dapr.workflow.failure.stack_trace": expect.stringContaining("RangeError: out of range"),
    });
  });

  it("[W1.43] of one whose activity fails: the activity's message in it", async () => {
    const id = await start("throwingActivity", "no such account");
    expect(await propertiesOf(id)).toMatchObject({
      "dapr.workflow.failure.error_type": "TaskFailedError",
      "dapr.workflow.failure.error_message": `${id}: activity 'throwIt': Activity task #1 failed: no such account`,
    });
    const unknown = await start("unknownActivity");
    expect(await propertiesOf(unknown)).toMatchObject({
      "dapr.workflow.failure.error_message": expect.stringContaining(
        "Activity function 'nobodyRegisteredThis' is not registered.",
      ),
    });
  });

  it("[W1.44] without payloads when that is asked for", async () => {
    const id = await start("echo", "secret");
    await ended(id);
    expect((await stateOf(id, "?fetchPayloads=false")).properties).toEqual({ "dapr.workflow.custom_status": "" });
  });

  it("[W1.45] times: created before updated, both now", async () => {
    const before = Date.now();
    const state = await ended(await start("steps", 3));
    const [created, updated] = [Date.parse(state.createdAt), Date.parse(state.lastUpdatedAt)];
    expect(created).toBeGreaterThanOrEqual(before);
    expect(updated).toBeGreaterThanOrEqual(created);
    expect(updated).toBeLessThanOrEqual(Date.now());
  });
});

describe("[W1] createWorker", () => {
  it.each([Number.NaN, 0, -1, 16_252_929])("refuses a maxBodyBytes of %s", (maxBodyBytes) => {
    const expected = `maxBodyBytes is a number from 1 to 16252928, found ${maxBodyBytes}`;
    expect(() => createWorker(undefined, { maxBodyBytes })).toThrow(expected);
  });
});

describe("[W1] health and metadata", () => {
  it("[W1.50] the probes answer 204, and metadata knows what is registered", async () => {
    expect((await send("GET /v1.0/healthz")).status).toBe(204);
    expect((await send("GET /v1.0/healthz/outbound")).status).toBe(204);
    const { status, body } = await ask("GET /v1.0/metadata");
    expect([status, body]).toMatchObject([200, { id: "edge-workflows", workflows: { connectedWorkers: 1 } }]);
    const { workflows } = body as { workflows: { workflows: string[]; activities: string[] } };
    expect(workflows.workflows).toEqual(expect.arrayContaining(["orderProcessingWorkflow", "chaining", "echo"]));
    expect(workflows.activities).toEqual(expect.arrayContaining(["notify", "greet", "one"]));
  });

  it("[W1.51] every answer but a probe's carries a traceparent, of the caller's trace if it has one", async () => {
    const trace = "0af7651916cd43dd8448eb211c80319c";
    const response = await send(`GET ${W}/nobody`, undefined, { traceparent: `00-${trace}-b7ad6b7169203331-01` });
    await response.text();
    expect(response.headers.get("traceparent")).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`));
  });
});
