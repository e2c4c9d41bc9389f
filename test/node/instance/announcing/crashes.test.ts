// [I37] A crash at any point of an instance or a shard: none is missing whose start was acknowledged, and at rest, when somebody has
// asked, the catalog says what the instance says.
import { describe, expect, it } from "vitest";
import type { Code } from "../support.ts";
import { entryFor, type Listed, listedWorld } from "./support.ts";

type Ask = (step: (world: Listed) => Promise<unknown>) => Promise<unknown>;
/** Each step is repeated until it is answered. */
type Script = (ask: Ask) => Promise<void>;

const begin =
  (name: string, requestId = "request") =>
  (world: Listed) =>
    world.post("a", (instance) => instance.start({ instanceId: "a", name, input: '"x"', requestId }));
const purge = (world: Listed) => world.post("a", (instance) => instance.purge({ recursive: true }));
const raise = (world: Listed) =>
  world.post("a", (instance) => instance.raiseEvent({ name: "x", input: "1", messageId: "m" }));

const scripts: Record<string, Script> = {
  "ends in its first burst": async (ask) => void (await ask(begin("echo"))),
  "waits for an event": async (ask) => {
    await ask(begin("event"));
    await ask(raise);
  },
  "activities that wait for I/O": async (ask) => void (await ask(begin("io"))),
  "is started anew": async (ask) => {
    await ask(begin("echo"));
    await ask(begin("event", "another"));
  },
  "is purged": async (ask) => {
    await ask(begin("echo"));
    await ask(purge);
  },
  "is purged and started anew": async (ask) => {
    await ask(begin("echo"));
    await ask(purge);
    await ask(begin("event", "another"));
  },
};

async function run(script: Script, crashAt: number, kind: "a" | "0-0" | "all") {
  const world = listedWorld();
  world.workflow("io", function* (ctx): Code {
    for (let n = 0; n < 3; n++) yield ctx.callActivity("slow", 10);
  });
  const points: string[] = [];
  world.onPoint = (point, id) => {
    points.push(`${point} ${id}`);
    if (points.length - 1 !== crashAt) return;
    if (kind === "all") world.crashAll();
    else if (kind === "a") world.crash("a");
    else world.catalog.lose(kind);
  };
  let isAcknowledged = false;
  await script(async (step) => {
    for (let tries = 0; tries < 5; tries++) {
      let outcome: unknown;
      void step(world).then(
        (value) => {
          outcome = value;
        },
        () => undefined,
      );
      await world.advance(400);
      if (outcome !== undefined) {
        isAcknowledged = true;
        return outcome;
      }
    }
    throw new Error("no answer");
  });
  await world.rest();
  world.onPoint = undefined;
  const listed = await entryFor(world);
  const asked = world.post("a", (instance) => instance.catalog.presence());
  await world.advance(1_000);
  const presence = await asked;
  const isMissing = isAcknowledged && presence.type === "present" && listed === undefined;
  const entry = presence.type === "present" ? presence.entry : undefined;
  return { points, isMissing, listed: await entryFor(world), entry, alarm: world.host("a").durableAlarm };
}

describe("[I37] A crash at any point", () => {
  for (const [name, script] of Object.entries(scripts)) {
    it.each(["a", "0-0", "all"] as const)(`[I37.1] ${name}: %s is lost`, async (kind) => {
      const { points } = await run(script, -1, kind);
      expect(points.length).toBeGreaterThan(4);
      for (const [at, point] of points.entries()) {
        const { isMissing, listed, entry, alarm } = await run(script, at, kind);
        const what = `${at} of ${points.length} (${point})`;
        expect([what, isMissing, alarm]).toEqual([what, false, null]);
        expect([what, listed]).toEqual([what, entry]);
      }
    });
  }
});
