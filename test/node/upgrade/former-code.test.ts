// [U5] Code from before a type of event was there: an instance whose history has one waits for the code that knows it.
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  type Code,
  describeInstance,
  endOf,
  historyOf,
  makeWorld,
  raise,
  start,
  statusOf,
} from "../instance/support.ts";
import type { World } from "../instance/world.ts";

const former = vi.hoisted(() => ({ unknown: [] as readonly string[] }));
vi.mock("../../../src/storage/fact-forms.ts", async (load) => {
  const forms = await load<typeof import("../../../src/storage/fact-forms.ts")>();
  return { ...forms, isKnownType: (type: string) => !former.unknown.includes(type) && forms.isKnownType(type) };
});
afterEach(() => {
  former.unknown = [];
});

const HOUR_MS = 3_600_000;

async function asked(act: "cancel" | "sendEvent"): Promise<World> {
  const world = makeWorld().workflow("main", function* (ctx): Code {
    const child = ctx.callChildWorkflow("event", "e");
    child[act]("e");
    try {
      yield child;
    } catch {
      // It is the other event that ends this workflow.
    }
    yield ctx.createTimer(60);
    return yield ctx.waitForExternalEvent("end");
  });
  await start(world, "p", "main");
  return world;
}

describe("[U5] Former code, and what a workflow has asked of a child", () => {
  it.each([
    ["cancel", "ChildCancelRequested"],
    ["sendEvent", "ChildEventSent"],
  ] as const)("[U5.1] %s: STALLED at %s, with nothing taken or lost, until today's code is back", async (act, type) => {
    const world = await asked(act);
    expect(historyOf(world, "p").map((event) => event.type)).toContain(type);
    former.unknown = ["ChildCancelRequested", "ChildEventSent"];
    world.crashAll();
    const before = world.host("p").db.dump();
    // The timer falls due, and the instance finds out.
    await world.advance(HOUR_MS);
    const found = await describeInstance(world, "p");
    expect([found?.status, found?.failure?.errorType]).toEqual(["STALLED", "UnknownEventError"]);
    expect(found?.failure?.message).toContain(type);
    expect(await raise(world, "p", "end", 1)).toEqual({ ok: false, code: "STALLED" });
    expect(world.host("p").db.dump()).toEqual(before);
    former.unknown = [];
    world.crashAll();
    await world.advance(HOUR_MS);
    expect(await statusOf(world, "p")).toBe("RUNNING");
    await raise(world, "p", "end", 1);
    expect(await endOf(world, "p")).toEqual(["COMPLETED", 1]);
  });
});
