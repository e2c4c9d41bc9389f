// The early API reference (seed-api.md), example by example: the contract of Dapr 1.10's time under /v1.0-alpha1.
import { describe, expect, it } from "vitest";
import { ask, ended, newId, outputOf, refusal, send, stateOf } from "./support.ts";

const S = "/v1.0-alpha1/workflows/dapr";

async function startSeed(name: string, id: string, body: string): Promise<void> {
  expect(await ask(`POST ${S}/${name}/${id}/start`, body)).toEqual({
    status: 202,
    body: { WFInfo: { instance_id: id } },
  });
}

describe("[W2] the seed's reference", () => {
  it("[W2.1] start: 202 with the ID; the input is any JSON value", async () => {
    for (const input of [{ a: 1 }, "text", 0, false, null, [1, "2"], ""]) {
      const id = newId("seed");
      await startSeed("inspect", id, JSON.stringify({ input }));
      expect((await ended(id)).properties?.["dapr.workflow.input"]).toBe(JSON.stringify(input));
    }
    const id = newId("seed");
    await startSeed("inspect", id, "{}");
    expect(await outputOf(id)).toEqual({ type: "undefined", input: "none", id });
    expect((await stateOf(id)).properties).not.toHaveProperty("dapr.workflow.input");
  });

  it("[W2.2] start: 400 for a malformed request", async () => {
    const id = newId("seed");
    for (const body of ["", "{", "[]", '"input"', "null", "1"]) {
      const { status, body: error } = await ask(`POST ${S}/echo/${id}/start`, body);
      expect([status, (error as { errorCode: string }).errorCode], body).toEqual([400, "ERR_MALFORMED_REQUEST"]);
    }
    expect((await ask(`POST ${S}/echo/${"x".repeat(65)}/start`, "{}")).status).toBe(400);
    expect((await ask(`GET ${S}/${id}`)).status).toBe(404);
  });

  it("[W2.3] start: 500 when the ID is taken", async () => {
    const id = newId("seed");
    await startSeed("awaitEvent", id, '{"input":"E"}');
    expect(await ask(`POST ${S}/awaitEvent/${id}/start`, '{"input":"E"}')).toEqual(
      refusal(
        500,
        "ERR_START_WORKFLOW",
        `error starting workflow 'awaitEvent': unable to start workflow: failed to start workflow: rpc error: code = AlreadyExists desc = an active workflow with ID '${id}' already exists`,
      ),
    );
  });

  it("[W2.4] get: 202, JSON, a traceparent, and the example's fields", async () => {
    const id = newId("seed");
    await startSeed("awaitEvent", id, '{"input":"E"}');
    const response = await send(`GET ${S}/awaitEvent/${id}`);
    expect([response.status, response.headers.get("content-type")]).toEqual([202, "application/json"]);
    expect(response.headers.get("traceparent")).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);
    expect(await response.json()).toEqual({
      WFInfo: { instance_id: id },
      start_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      metadata: {
        status: "Running",
        task_queue: "dapr",
        "dapr.workflow.name": "awaitEvent",
        "dapr.workflow.runtime_status": "RUNNING",
        "dapr.workflow.last_updated": expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        "dapr.workflow.input": '"E"',
        "dapr.workflow.custom_status": "waiting for E",
      },
    });
  });

  it("[W2.5] raise event, pause, resume, terminate, purge: each 202, each with its effect", async () => {
    const statusOf = async (id: string) => {
      const { body } = await ask(`GET ${S}/awaitEvents/${id}`);
      return (body as { metadata?: { status: string } }).metadata?.status;
    };
    const id = newId("seed");
    await startSeed("awaitEvents", id, '{"input":{"name":"n","count":2}}');
    expect((await send(`POST ${S}/${id}/raiseEvent/n`, '{"first":true}')).status).toBe(202);
    expect((await send(`POST ${S}/${id}/pause`)).status).toBe(202);
    expect(await statusOf(id)).toBe("Suspended");
    expect((await send(`POST ${S}/${id}/resume`)).status).toBe(202);
    expect(await statusOf(id)).toBe("Running");
    expect((await send(`POST ${S}/${id}/raiseEvent/n`)).status).toBe(202);
    expect(await outputOf(id)).toEqual([{ first: true }, null]);
    expect(await statusOf(id)).toBe("Completed");
    expect((await send(`POST ${S}/${id}/purge`)).status).toBe(202);
    expect(await statusOf(id)).toBeUndefined();

    const other = newId("seed");
    await startSeed("awaitEvents", other, '{"input":{"name":"n","count":1}}');
    const terminated = await send(`POST ${S}/${other}/terminate`);
    expect([terminated.status, terminated.headers.has("traceparent")]).toEqual([202, true]);
    expect(await statusOf(other)).toBe("Terminated");
  });

  it("[W2.6] an event may be called start, and an instance like an operation", async () => {
    const id = newId("seed");
    await startSeed("awaitEvent", id, '{"input":"start"}');
    expect(await ask(`POST ${S}/${id}/raiseEvent/start`, "1")).toEqual({ status: 202, body: {} });
    expect(await outputOf(id)).toBe(1);
    await startSeed("echo", "pause", '{"input":2}');
    expect(await outputOf("pause")).toBe(2);
  });

  it("[W2.7] get under another workflow's name finds nothing", async () => {
    const id = newId("seed");
    await startSeed("echo", id, "{}");
    expect((await ask(`GET ${S}/chaining/${id}`)).status).toBe(404);
    expect((await ask(`GET ${S}/echo/${id}`)).status).toBe(202);
  });

  it("[W2.8] the seed's two routes exist under v1.0-alpha1 only", async () => {
    for (const prefix of ["v1.0", "v1.0-beta1"]) {
      expect((await ask(`POST /${prefix}/workflows/dapr/echo/x1/start`, "{}")).status).toBe(404);
      expect((await ask(`GET /${prefix}/workflows/dapr/echo/x1`)).status).toBe(404);
    }
  });

  it("[W2.9] an order of the sample, from start to end over the seed's routes", async () => {
    const id = newId("seed");
    await startSeed("orderProcessingWorkflow", id, '{"input":{"itemName":"paperclip","totalCost":50,"quantity":10}}');
    await ended(id);
    expect((await ask(`GET ${S}/orderProcessingWorkflow/${id}`)).body).toMatchObject({
      metadata: { status: "Completed", "dapr.workflow.output": '{"processed":true}' },
    });
  });
});
