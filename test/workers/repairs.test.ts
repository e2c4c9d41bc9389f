// Rewinds and other versions, over HTTP and by the client, in the real runtime.
import { describe, expect, it } from "vitest";
import { DaprWorkflowClient } from "../../src/index.ts";
import { ACCEPTED, ask, ended, newId, outputOf, raise, refusal, start, stateOf, W } from "./support.ts";
import { broken, runsOf } from "./workflows.ts";

const post = (id: string, operation: string, body?: object) =>
  ask(`POST ${W}/${id}/${operation}`, body && JSON.stringify(body));

describe("[W17] a failed instance is rewound", () => {
  it("[W17.1] the failed call is made again, under the same task execution ID, and nothing else; its history shows all of it", async () => {
    const names = ["kept", newId("broken"), "last"];
    broken.add(names[1] as string);
    const id = await start("repairable", names);
    expect((await ended(id)).runtimeStatus).toBe("FAILED");
    expect(await post(id, "rewind", { reason: "tried" })).toEqual(ACCEPTED);
    expect((await ended(id)).runtimeStatus).toBe("FAILED");
    broken.delete(names[1] as string);
    await new DaprWorkflowClient().rewindWorkflow(id, { reason: "repaired" });
    expect(await outputOf(id)).toEqual(names);
    const runs = runsOf(id);
    expect(runs.map(({ input }) => input)).toEqual([names[0], names[1], names[1], names[1], names[2]]);
    expect(new Set(runs.slice(1, 4).map(({ taskExecutionId }) => taskExecutionId)).size).toBe(1);
    const { body } = await ask(`GET ${W}/${id}/history`);
    const { events } = body as { events: { type: string; reason?: string }[] };
    expect(events.flatMap(({ type, reason }) => (type === "ExecutionRewound" ? [reason] : []))).toEqual([
      "tried",
      "repaired",
    ]);
    expect(await post(id, "rewind")).toEqual(
      refusal(
        400,
        "ERR_REWIND_WORKFLOW",
        `error rewinding workflow '${id}': it is COMPLETED, and only an instance that is FAILED can be rewound`,
      ),
    );
    expect((await post("nobody", "rewind")).status).toBe(404);
  });

  it("[W17.2] a failed child is rewound with its parent, and not by itself", async () => {
    const child = newId("child");
    const name = newId("broken");
    broken.add(name);
    const id = await start("repairableParent", { id: child, names: ["kept", name] });
    expect((await ended(id)).runtimeStatus).toBe("FAILED");
    expect(await post(child, "rewind")).toMatchObject({ status: 400, body: { errorCode: "ERR_REWIND_WORKFLOW" } });
    broken.delete(name);
    expect(await post(id, "rewind")).toEqual(ACCEPTED);
    expect(await outputOf(id)).toEqual(["kept", name]);
    expect(runsOf(id).map(({ input }) => input)).toEqual(["parent"]);
    expect(runsOf(child).map(({ input }) => input)).toEqual(["kept", name, name]);
  });
});

describe("[W18] an instance is put on another version", () => {
  it("[W18.1] goes on with it; one that is not registered is refused with those that are", async () => {
    const id = await start("tellsItsVersion");
    await stateOf(id, "?waitFor=started");
    expect(await post(id, "version", { version: "v9" })).toEqual(
      refusal(
        400,
        "ERR_VERSION_WORKFLOW",
        `error changing the version of workflow '${id}': version 'v9' of 'tellsItsVersion' is not registered; registered: v1, v2`,
      ),
    );
    await new DaprWorkflowClient().changeWorkflowVersion(id, "v2", { reason: "v1 is to go" });
    await raise(id, "go");
    expect(await outputOf(id)).toBe("v2");
    expect((await post(id, "version", { version: "v1" })).status).toBe(400);
  });
});
