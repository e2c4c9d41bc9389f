// Instances that start, wait for, end and remove each other, each in an object of its own.
import { listDurableObjectIds } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import {
  ACCEPTED,
  ask,
  ended,
  env,
  expectSoundHistory,
  historyOf,
  NOTHING,
  newId,
  operate,
  outputOf,
  query,
  raise,
  refusal,
  remainsOf,
  run,
  start,
  stateOf,
  stubOf,
  W,
} from "./support.ts";
import { gate, runsOf } from "./workflows.ts";

const statusOf = async (id: string) => (await stateOf(id)).runtimeStatus;
const waitingChild = (input = "E") => ({ workflow: "awaitEvent", input });

describe("[W5] a child in an object of its own", () => {
  it("[W5.1] its result comes back, under Dapr's default ID or a chosen one", async () => {
    const id = await start("parent", { workflow: "echo", input: { a: 1 } });
    expect(await outputOf(id)).toEqual({ a: 1 });
    expect(await outputOf(`${id}:0001`)).toEqual({ a: 1 });
    const chosen = newId("child");
    expect(await run("parent", { workflow: "echo", input: 2, instanceId: chosen })).toBe(2);
    expect(await outputOf(chosen)).toBe(2);
  });

  it("[W5.2] its failure is thrown in the parent, and can be caught", async () => {
    const id = await start("forgivingParent", { workflow: "thrower", input: "too far" });
    expect(await outputOf(id)).toEqual({ caught: "RangeError", message: "too far" });
    const uncaught = await start("parent", { workflow: "thrower", input: "too far" });
    const state = await ended(uncaught);
    expect([state.runtimeStatus, state.properties?.["dapr.workflow.failure.error_message"]]).toEqual([
      "FAILED",
      expect.stringContaining("too far"),
    ]);
    expect(await run("forgivingParent", { workflow: "nobodyKnowsIt" })).toMatchObject({
      caught: "OrchestratorNotRegisteredError",
    });
  });

  it("[W5.3] an ID that is taken: the call fails, the occupant does not notice", async () => {
    const occupant = await start("awaitEvent", "E");
    expect(await run("forgivingParent", { workflow: "echo", input: 1, instanceId: occupant })).toEqual({
      caught: "WorkflowInstanceAlreadyExists",
      message: `an active workflow with ID '${occupant}' already exists`,
    });
    await raise(occupant, "E", "still here");
    expect(await outputOf(occupant)).toBe("still here");
  });

  it("[W5.4] many children at a time: every result in its place", async () => {
    const calls = Array.from({ length: 50 }, (_, n) => ({ workflow: "steps", input: n }));
    const id = await start("parentOfMany", calls);
    expect(await outputOf(id)).toEqual(calls.map((call) => call.input));
    await expectSoundHistory(id);
    expect(await query(id, "SELECT * FROM outbox")).toEqual([]);
  });

  it("[W5.5] children of children of children", async () => {
    const leaf = { workflow: "echo", input: "deep" };
    const call = { workflow: "parent", input: { workflow: "parent", input: { workflow: "parent", input: leaf } } };
    const id = await start("parent", call);
    expect(await outputOf(id)).toBe("deep");
    expect(await outputOf(`${id}:0001:0001:0001:0001`)).toBe("deep");
  });

  it("[W5.6] a child that is terminated fails its parent's call", async () => {
    const id = await start("forgivingParent", waitingChild());
    await expect.poll(async () => (await ask(`GET ${W}/${id}:0001`)).status).toBe(200);
    await operate(`${id}:0001`, "terminate");
    expect(await outputOf(id)).toMatchObject({ caught: "WorkflowTerminated" });
  });

  it("[W5.7] an instance cannot be its own child", async () => {
    const id = newId();
    await start("forgivingParent", { workflow: "echo", input: 1, instanceId: id }, id);
    expect(await outputOf(id)).toMatchObject({ caught: "WorkflowInstanceAlreadyExists" });
  });

  it("[W5.8] a child that has ended may be started again by a later call under the same ID", async () => {
    const child = newId("child");
    for (const input of [1, 2]) {
      expect(await run("parent", { workflow: "echo", input, instanceId: child })).toBe(input);
    }
    expect(await outputOf(child)).toBe(2);
  });
});

describe("[W5] terminate and purge with children", () => {
  /** A parent with two children that wait, one of them a parent itself. */
  async function family(): Promise<{ id: string; all: string[] }> {
    const id = await start("parentOfMany", [waitingChild(), { workflow: "parent", input: waitingChild() }]);
    const all = [id, `${id}:0001`, `${id}:0002`, `${id}:0002:0001`];
    for (const each of all) await expect.poll(async () => (await ask(`GET ${W}/${each}`)).status).toBe(200);
    return { id, all };
  }

  it("[W5.10] terminate reaches every generation, with the output", async () => {
    const { id, all } = await family();
    expect(await ask(`POST ${W}/${id}/terminate`, '{"output":"enough"}')).toEqual(ACCEPTED);
    for (const each of all) {
      const state = await ended(each);
      expect([state.runtimeStatus, state.properties?.["dapr.workflow.output"]]).toEqual(["TERMINATED", '"enough"']);
    }
    expect((await historyOf(id)).slice(-2)).toEqual(["ExecutionTerminated", "ExecutionCompleted"]);
  });

  it("[W5.11] terminate ?nonRecursive=true leaves the children, which end by themselves", async () => {
    const { id, all } = await family();
    expect(await ask(`POST ${W}/${id}/terminate?nonRecursive=true`)).toEqual(ACCEPTED);
    expect((await ended(id)).runtimeStatus).toBe("TERMINATED");
    for (const each of all.slice(1)) expect(await statusOf(each)).toBe("RUNNING");
    await raise(`${id}:0001`, "E", 1);
    expect(await outputOf(`${id}:0001`)).toBe(1);
    expect((await ended(id)).runtimeStatus).toBe("TERMINATED");
  });

  it("[W5.12] purge removes every generation, and nothing is left in any object", async () => {
    const { id, all } = await family();
    await operate(id, "terminate");
    for (const each of all) await ended(each);
    await operate(id, "purge");
    for (const each of all) {
      expect((await ask(`GET ${W}/${each}`)).status).toBe(404);
      expect(await remainsOf(each)).toEqual(NOTHING);
    }
  });

  it("[W5.13] purge ?nonRecursive=true leaves the children", async () => {
    const id = await start("parent", { workflow: "echo", input: 1 });
    await outputOf(id);
    expect(await ask(`POST ${W}/${id}/purge?nonRecursive=true`)).toEqual(ACCEPTED);
    expect(await remainsOf(id)).toEqual(NOTHING);
    expect(await outputOf(`${id}:0001`)).toBe(1);
  });

  it("[W5.14] a child that has not ended holds up purge and reuse of its parent's ID", async () => {
    const id = await start("carelessParent", waitingChild());
    expect(await outputOf(id)).toBe("gone");
    const child = `${id}:0001`;
    await expect.poll(async () => (await ask(`GET ${W}/${child}`)).status).toBe(200);
    expect(await ask(`POST ${W}/${id}/purge`)).toMatchObject({
      status: 500,
      body: {
        errorCode: "ERR_PURGE_WORKFLOW",
        message: expect.stringContaining(`child workflow '${child}': orchestration has not yet completed`),
      },
    });
    expect(await ask(`POST ${W}/echo/start?instanceID=${id}`)).toEqual(
      refusal(
        500,
        "ERR_START_WORKFLOW",
        `error starting workflow 'echo': unable to start workflow: failed to start workflow: rpc error: code = AlreadyExists desc = cannot recreate workflow with ID '${id}': child workflow '${child}': orchestration has not yet completed`,
      ),
    );
    await raise(child, "E");
    await ended(child);
    await start("echo", "again", id);
    expect(await outputOf(id)).toBe("again");
  });

  it("[W5.15] purge of a parent spares a stranger under the ID of a former child", async () => {
    const child = newId("child");
    const id = await start("parent", { workflow: "echo", input: 1, instanceId: child });
    await outputOf(id);
    await start("echo", "stranger", child);
    await outputOf(child);
    await operate(id, "purge");
    expect(await outputOf(child)).toBe("stranger");
  });

  it("[W5.16] a child that is purged by itself is passed over by its parent's purge", async () => {
    const id = await start("parent", { workflow: "echo", input: 1 });
    await outputOf(id);
    await operate(`${id}:0001`, "purge");
    await operate(id, "purge");
    expect(await remainsOf(id)).toEqual(NOTHING);
  });
});

describe("[W5] storage", () => {
  it("[W5.20] asking after an unknown ID creates no table and sets no alarm", async () => {
    const id = newId("unknown");
    for (const target of [
      `GET ${W}/${id}`,
      `GET ${W}/${id}?waitFor=completed&timeoutSeconds=1`,
      `POST ${W}/${id}/raiseEvent/E`,
      `POST ${W}/${id}/pause`,
      `POST ${W}/${id}/resume`,
      `POST ${W}/${id}/terminate`,
      `POST ${W}/${id}/purge`,
    ]) {
      expect((await ask(target)).status).toBeGreaterThanOrEqual(404);
    }
    expect(await remainsOf(id)).toEqual(NOTHING);
  });

  it("[W5.21] a refused start reaches no object", async () => {
    const before = (await listDurableObjectIds(env.WORKFLOW_INSTANCE)).length;
    await ask(`POST ${W}/echo/start?instanceID=a.b`);
    await ask(`POST ${W}/echo/start?instanceID=${"x".repeat(65)}`);
    expect(await listDurableObjectIds(env.WORKFLOW_INSTANCE)).toHaveLength(before);
  });

  it("[W5.22] an ended instance keeps its history and nothing else: no inbox, no outbox, no alarm", async () => {
    const id = await start("parent", { workflow: "echo", input: 1 });
    await outputOf(id);
    for (const each of [id, `${id}:0001`]) {
      await expect.poll(async () => (await remainsOf(each)).alarm).toBeNull();
      for (const table of ["inbox", "outbox", "chunk", "recovery"]) {
        expect(await query(each, `SELECT * FROM ${table}`), table).toEqual([]);
      }
    }
  });

  it("[W5.23] an instance that waits for nothing but an event has no alarm", async () => {
    const id = await start("awaitEvent", "E");
    await stateOf(id);
    await expect.poll(async () => (await remainsOf(id)).alarm, { timeout: 3000 }).toBeNull();
  });

  it("[W5.24] an instance with an activity under way has an alarm", async () => {
    const name = newId("gate");
    const id = await start("gatedSteps", [name]);
    await gate(name).reached();
    expect((await remainsOf(id)).alarm).not.toBeNull();
    gate(name).open();
    await outputOf(id);
    expect((await remainsOf(id)).alarm).toBeNull();
  });

  it("[W5.25] an activity that outlives its purged instance leaves nothing behind", async () => {
    const name = newId("gate");
    const id = await start("gatedSteps", [name]);
    await gate(name).reached();
    await operate(id, "terminate");
    await operate(id, "purge");
    gate(name).open();
    await expect.poll(() => stubOf(id).describe({ payloads: false })).toBeUndefined();
    await outputOf(await start("sleeper", 50));
    expect(await remainsOf(id)).toEqual(NOTHING);
  });

  it("[W5.26] an activity that outlives its purged instance does not answer the next one under its ID", async () => {
    const name = newId("gate");
    const id = await start("gatedSteps", [name]);
    await gate(name).reached();
    await operate(id, "terminate");
    await operate(id, "purge");
    await start("gatedSteps", [name], id);
    await gate(name).reached(2);
    gate(name).open();
    const [, second] = runsOf(id);
    expect(await outputOf(id)).toEqual([second?.taskExecutionId]);
    await expectSoundHistory(id);
  });

  it("[W5.27] purges and starts that race: each start that is accepted has its instance, nothing is left half", async () => {
    for (let round = 0; round < 5; round++) {
      const id = await start("echo", "old");
      await ended(id);
      const [first, second, started] = await Promise.all([
        ask(`POST ${W}/${id}/purge`),
        ask(`POST ${W}/${id}/purge`),
        ask(`POST ${W}/echo/start?instanceID=${id}`, '"new"'),
      ]);
      expect([202, 404, 500]).toContain(first.status);
      expect([202, 404, 500]).toContain(second.status);
      expect(started.status).toBe(202);
      const { status } = await ask(`GET ${W}/${id}?waitFor=completed&timeoutSeconds=10`);
      if (status === 200) expect(await outputOf(id)).toBe("new");
      else expect(await remainsOf(id)).toEqual(NOTHING);
    }
  });
});
