// [I41] Rewinds and other versions, as an instance carries them out, with its children and its parent.
import { describe, expect, it } from "vitest";
import type { Instance } from "../../../../src/instance/instance.ts";
import type { RepairResult } from "../../../../src/instance/repair-protocol.ts";
import { type Code, describeInstance, historyOf, makeWorld, start, typesOf } from "../support.ts";
import type { World } from "../world.ts";

const rewind = (world: World, id: string, requestId = "w"): Promise<RepairResult> =>
  world.call(id, (instance: Instance) => instance.rewind({ requestId, reason: "repaired" }));

describe("[I41] a failed instance is rewound", () => {
  it("[I41.1] smoke", async () => {
    const world = makeWorld();
    let broken = true;
    world.activity("pay", () => {
      if (broken) throw new Error("broken");
      return "paid";
    });
    world.workflow("main", function* (ctx): Code {
      const first = yield ctx.callActivity("echo", 1);
      return [first, yield ctx.callActivity("pay")];
    });
    await start(world, "a", "main");
    await world.rest();
    expect((await describeInstance(world, "a"))?.status).toBe("FAILED");
    broken = false;
    expect(await rewind(world, "a")).toEqual({ ok: true });
    await world.rest();
    console.log(typesOf(world, "a"), world.activityRuns, historyOf(world, "a").length);
    expect(await describeInstance(world, "a")).toMatchObject({ status: "COMPLETED", output: '[1,"paid"]' });
  });
});
