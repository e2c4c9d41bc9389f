// [I18.25] An update is answered when its end is recorded: neither before nor much later.
import { expect, it } from "vitest";
import { Random } from "../../random.ts";
import { type AsyncCode, type Code, gate, holdSealingOf, makeWorld, raise, start, unshaken } from "../support.ts";
import { watchUnhandledRejections } from "../unhandled.ts";

watchUnhandledRejections();

it("[I18.25] An update is answered when its end is recorded, and not while that is being encrypted", async () => {
  const world = makeWorld();
  const sealed = holdSealingOf(world, "500");
  world.workflow("main", function* (ctx): Code {
    ctx.setUpdateHandler("times", (n: number) => n * 100);
    yield ctx.waitForExternalEvent("never");
  });
  await start(world, "a", "main");
  await world.advance(1_000);
  sealed.hold();
  const answers: unknown[] = [];
  const isRecorded = () =>
    JSON.stringify(world.host("a").db.read("SELECT * FROM instance WHERE seq >= 0")).includes("UpdateCompleted");
  const update = { updateId: "u", name: "times", input: "5", timeoutMs: 60_000 };
  for (let n = 0; n < 2; n++) {
    void world.post("a", (i) => i.update(update)).then((answer) => answers.push([isRecorded(), answer]));
    await world.advance(1_500);
  }
  expect(answers).toEqual([]);
  sealed.open();
  await world.advance(1_000);
  const answer = [true, { ok: true, result: "500" }];
  expect(answers).toEqual([answer, answer]);
});

it("[I18.25] The same when somebody looks between the turn and its encryption: nothing is answered before its time", async () => {
  for (let hops = 0; hops < 40; hops++) {
    const world = makeWorld();
    const sealed = holdSealingOf(world, "500");
    const go = gate();
    // Of the execution before: nobody waits for its end, and whoever watches looks again when it comes.
    world.activity("hop", async () => {
      await go.promise;
      for (let n = 0; n < hops; n++) await undefined;
    });
    world.workflow("main", function* (ctx, generation: number): Code {
      if (generation === 0) {
        ctx.callActivity("hop");
        yield ctx.createTimer(1);
        return ctx.continueAsNew(1, false);
      }
      ctx.setUpdateHandler("times", async (n: number) => {
        await go.promise;
        return n * 100;
      });
      yield ctx.waitForExternalEvent("never");
    });
    await start(world, "a", "main", 0);
    await world.advance(3_000);
    sealed.hold();
    const update = { updateId: "u", name: "times", input: "5", timeoutMs: 60_000 };
    const answer = world.post("a", (i) => i.update(update));
    await world.advance(1_000);
    go.open();
    await world.advance(1_500);
    expect([hops, await Promise.race([answer, "nothing yet"])]).toEqual([hops, "nothing yet"]);
    sealed.open();
    await world.advance(1_000);
    expect([hops, await answer]).toEqual([hops, { ok: true, result: "500" }]);
  }
});

it("[I18.25] An update that has ended is known while a later turn is held up", async () => {
  const world = makeWorld();
  world.workflow("main", async function* (ctx): AsyncCode {
    ctx.setUpdateHandler("times", (n: number) => n * 100);
    yield ctx.waitForExternalEvent("go");
    await world.sleep(120_000);
  });
  const update = { updateId: "u", name: "times", input: "5", timeoutMs: 30_000 };
  await start(world, "a", "main");
  expect(await world.call("a", (i) => i.update(update))).toEqual({ ok: true, result: "500" });
  await raise(world, "a", "go");
  await world.advance(1_000);
  const again = world.post("a", (i) => i.update(update));
  await world.advance(5_000);
  expect(await Promise.race([again, "nothing yet"])).toEqual({ ok: true, result: "500" });
});

it("[I18.25] One that ends the workflow in the first turn of a life is answered with its result", async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = new Random(seed);
    const world = makeWorld();
    world.workflow("main", function* (ctx): Code {
      let sum = 0;
      ctx.setUpdateHandler("add", (n: number) => {
        sum += n;
        return sum;
      });
      for (const id of ["b", "c", "d"]) ctx.sendEvent(id, "hello", 1);
      yield ctx.waitForCondition(() => sum > 0);
    });
    world.peerFault = () => "unreachable";
    await start(world, "a", "main");
    await world.advance(100);
    world.crash("a");
    world.peerFault = undefined;
    world.chaos = { ...unshaken(() => random.below(3)), pick: (n) => random.below(n) };
    const answer = world.post("a", (i) => i.update({ updateId: "u", name: "add", input: "5", timeoutMs: 60_000 }));
    await world.advance(70_000);
    expect([seed, await answer]).toEqual([seed, { ok: true, result: "5" }]);
  }
});

it("[I18.25] One that ends in the turn that continues as new is answered with its result", async () => {
  const world = makeWorld();
  world.workflow("main", function* (ctx, isLast: boolean): Code {
    let isAdded = false;
    ctx.setUpdateHandler("add", (n: number) => {
      isAdded = true;
      return n;
    });
    yield ctx.waitForCondition(() => isAdded);
    if (!isLast) ctx.continueAsNew(true, false);
  });
  await start(world, "a", "main", false);
  const update = { updateId: "u", name: "add", input: "5", timeoutMs: 60_000 };
  expect(await world.call("a", (i) => i.update(update))).toEqual({ ok: true, result: "5" });
});
