// [I18.23] A value that cannot be described is thrown.
import { describe, expect, it } from "vitest";
import { type Code, makeWorld, raise, start, statusOf } from "../support.ts";
import { watchUnhandledRejections } from "../unhandled.ts";

watchUnhandledRejections();

describe("[I18.23] A value that cannot be described, thrown by", () => {
  const revoked = () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  };
  const values: [string, () => unknown][] = [
    ["a BigInt for a message", () => Object.assign(new Error(), { message: 10n })],
    ["a revoked proxy", revoked],
    ["a stack that throws", () => Object.defineProperty(new Error("m"), "stack", { get: () => JSON.parse("{") })],
  ];
  it.each(values)(
    "[I18.23] a workflow, an activity, a child: it is FAILED, and waits for nobody: %s",
    async (_, make) => {
      const world = makeWorld();
      const fail = () => {
        throw make();
      };
      world.activity("odd", fail);
      world.workflow("odd", fail);
      await start(world, "w", "odd");
      await start(world, "a", "call", { activity: "odd" });
      await start(world, "p", "parent", { name: "odd" });
      await world.advance(1_000);
      for (const id of ["w", "a", "p"]) expect([id, await statusOf(world, id)]).toEqual([id, "FAILED"]);
      expect(world.log.filter(({ msg }) => msg === "turn")).toEqual([]);
    },
  );

  it.each(values)(
    "[I18.23] a condition that was false before: the wait throws, and nothing is tried again: %s",
    async (_, make) => {
      const world = makeWorld();
      world.workflow("main", function* (ctx): Code {
        let isOdd = false;
        ctx.setUpdateHandler("u", () => {
          isOdd = true;
        });
        yield ctx.waitForCondition(() => {
          if (isOdd) throw make();
          return false;
        });
      });
      await start(world, "a", "main");
      await world.advance(1_000);
      const update = { updateId: "u", name: "u", input: undefined, timeoutMs: 60_000 };
      expect(await world.call("a", (i) => i.update(update))).toMatchObject({ ok: true });
      await world.advance(1_000);
      expect([await statusOf(world, "a"), world.log.filter(({ msg }) => msg === "turn")]).toEqual(["FAILED", []]);
    },
  );

  it.each(values)("[I18.23] a validator, a query or a condition: %s", async (_, make) => {
    const world = makeWorld();
    const fail = () => {
      throw make();
    };
    world.workflow("main", function* (ctx): Code {
      ctx.setQueryHandler("q", fail);
      ctx.setUpdateHandler("u", () => 1, { validator: fail });
      let isOdd = false;
      try {
        yield ctx.whenAny([ctx.waitForExternalEvent("go")]);
        isOdd = true;
        yield ctx.waitForCondition(() => isOdd && fail());
      } catch {
        return "caught";
      }
    });
    await start(world, "a", "main");
    await world.advance(1_000);
    const update = world.post("a", (i) => i.update({ updateId: "u", name: "u", timeoutMs: 1_000 }));
    await world.advance(5_000);
    expect(await update).toMatchObject({ ok: false, code: "REJECTED" });
    const query = await world.call("a", (i) => i.query({ name: "q" }));
    expect(query).toMatchObject({ ok: false, code: "FAILED", message: expect.any(String) });
    await raise(world, "a", "go");
    await world.advance(1_000);
    expect([await statusOf(world, "a"), world.log.filter(({ msg }) => msg === "turn")]).toEqual(["COMPLETED", []]);
  });
});
