// [X1] Payloads encrypted at rest, with the real cipher.
import { describe, expect, it, vi } from "vitest";
import { payloadCipher } from "../../../src/instance/reading/payload-keys.ts";
import { type Cipher, plainTexts, Vault } from "../../../src/storage/vault.ts";
import { type Code, describeInstance, endOf, makeWorld, purge, raise, start } from "../instance/support.ts";
import type { World } from "../instance/world.ts";
import {
  answered,
  ask,
  begin,
  describeSealed,
  everythingIn,
  K1,
  K2,
  key,
  pass,
  SECRET,
  setKeys,
  tell,
} from "./support.ts";

/** Payloads of every kind: inputs, results, failures, heartbeats, events, messages, custom status. */
function busyWorld(): World {
  const world = makeWorld();
  world.activity("beat", async (ctx, input: string) => {
    ctx.heartbeat(input);
    await world.sleep(60_000);
    return [ctx.getLastHeartbeatDetails(), input];
  });
  world.activity("refuse", (_ctx, input: string) => {
    throw Object.assign(new Error(input, { cause: new Error(`cause ${input}`) }), { code: `code ${input}` });
  });
  world.workflow("refuses", function* (ctx, input: string): Code {
    return yield ctx.callActivity("refuse", input);
  });
  world.workflow("busy", function* (ctx, input: string) {
    ctx.setCustomStatus({ input });
    let failure = "";
    try {
      yield ctx.callActivity("refuse", input);
    } catch (error) {
      failure = (error as Error).message;
    }
    const child: string = yield ctx.callChildWorkflow("echo", input);
    const event: string = yield ctx.waitForExternalEvent("go");
    const beat: string = yield ctx.callActivity("beat", input);
    return [failure.includes(input), child, event, beat];
  });
  return world;
}

describe("[X1] Encrypted at rest", () => {
  it("[X1.1] no payload is in any row, and a restart in the middle of everything goes on", async () => {
    const world = setKeys(busyWorld(), K1);
    expect(await begin(world, "a", "busy", SECRET)).toEqual({ ok: true });
    await pass(world);
    expect(await tell(world, "a", "go", SECRET)).toEqual({ ok: true });
    await pass(world);
    expect(everythingIn(world)).toContain("enc:k1:");
    expect(everythingIn(world)).not.toContain("top secret");
    expect(await describeSealed(world, "a")).toMatchObject({
      status: "RUNNING",
      input: JSON.stringify(SECRET),
      customStatus: JSON.stringify({ input: SECRET }),
    });
    world.crashAll();
    await pass(world, 120_000);
    await pass(world);
    const end = await describeSealed(world, "a");
    expect([end?.status, JSON.parse(end?.output ?? "null")]).toEqual([
      "COMPLETED",
      [true, SECRET, SECRET, [SECRET, SECRET]],
    ]);
    expect(everythingIn(world)).not.toContain("top secret");
  });

  it("[X1.1] nothing of a failure is in any row either: no field of the error, no cause, of an activity, a child, and the end", async () => {
    const world = setKeys(busyWorld(), K1);
    await begin(world, "p", "parent", { name: "refuses", input: SECRET });
    await pass(world, 5_000);
    const { failure } = (await describeSealed(world, "p")) ?? {};
    const call = failure?.innerFailure;
    expect([failure?.errorType, call?.errorType, call?.innerFailure?.properties]).toEqual([
      "TaskFailedError",
      "TaskFailedError",
      { code: `code ${SECRET}` },
    ]);
    expect(call?.innerFailure?.innerFailure?.message).toBe(`cause ${SECRET}`);
    expect(everythingIn(world)).toContain("enc:k1:");
    expect(everythingIn(world)).not.toMatch(/top secret|innerFailure|properties/);
  });

  it("[X1.2] keys change: the first one writes, the others still read, and what was plain before can be read too", async () => {
    const world = makeWorld();
    await start(world, "plain", "event", "go");
    setKeys(world, K1);
    await begin(world, "first", "event", "go");
    await pass(world);
    setKeys(world, `${K2},${K1}`);
    await begin(world, "second", "event", "go");
    await pass(world);
    for (const id of ["plain", "first", "second"]) {
      await tell(world, id, "go", SECRET);
      await pass(world);
      expect([id, (await describeSealed(world, id))?.output]).toEqual([id, JSON.stringify(SECRET)]);
    }
    expect(everythingIn(world)).toContain("enc:k2:");
    expect(everythingIn(world)).not.toContain("top secret");
  });

  it.each([
    ["another key under the same ID", `k1:${key(9)}`, "k1"],
    ["no key of that ID", K2, "k1"],
    ["no keys at all", undefined, "PAYLOAD_KEYS"],
    ["a malformed secret", "k1:tooshort", "PAYLOAD_KEYS"],
  ])(
    "[X1.3] %s: STALLED, with the reason; nothing is overwritten, and the right key goes on",
    async (_, secret, says) => {
      const world = setKeys(makeWorld(), K1);
      await begin(world, "a", "event", "go");
      await pass(world);
      setKeys(world, secret);
      const before = world.host("a").db.dump();
      expect(await tell(world, "a", "go", 1)).toEqual({ ok: false, code: "STALLED" });
      await pass(world);
      const found = await describeSealed(world, "a");
      expect([found?.status, found?.failure?.errorType]).toEqual(["STALLED", "UnreadableError"]);
      expect(found?.failure?.message).toContain(says);
      expect(found?.failure?.message).not.toContain(key(9));
      expect(world.host("a").db.dump()).toEqual(before);
      setKeys(world, K1);
      await tell(world, "a", "go", SECRET);
      await pass(world);
      expect((await describeSealed(world, "a"))?.output).toBe(JSON.stringify(SECRET));
    },
  );

  const wrong: [string, string | undefined][] = [
    ["another key under the same ID", `k1:${key(9)}`],
    ["no key of that ID", K2],
    ["no keys at all", undefined],
    ["another key under the same ID, behind a new one", `${K2},k1:${key(9)}`],
  ];
  const beginnings: [string, (world: World) => Promise<void>][] = [
    [
      "began without an input",
      async (world) => {
        setKeys(world, K1);
        await ask(world, "a", (i) => i.start({ instanceId: "a", name: "two", requestId: "a" }));
      },
    ],
    [
      "began before payloads were encrypted",
      async (world) => {
        await begin(world, "a", "two", SECRET);
        setKeys(world, K1);
      },
    ],
    [
      "began with another key that is there",
      async (world) => {
        setKeys(world, K2);
        await begin(world, "a", "two", SECRET);
        await pass(world);
        setKeys(world, `${K1},${K2}`);
      },
    ],
  ];
  const both = wrong.flatMap(([what, secret]) => beginnings.map(([how, make]) => ({ what, secret, how, make })));
  it.each(both)(
    "[X1.7] $what, for one that $how: nothing is written before the key is right",
    async ({ secret, make }) => {
      const world = makeWorld();
      world.workflow("two", function* (ctx): Code {
        const first = yield ctx.waitForExternalEvent("go");
        return [first, yield ctx.waitForExternalEvent("again")];
      });
      await make(world);
      await pass(world);
      // Written with the first of the keys that are there.
      expect(await tell(world, "a", "go", SECRET)).toEqual({ ok: true });
      await pass(world);
      const again = () => ask(world, "a", (i) => i.raiseEvent({ name: "again", input: "2", messageId: "m2" }));
      // With the key that the first event has, where it has one.
      setKeys(world, secret?.startsWith("k1:") === true ? `${secret},${K2}` : secret);
      const before = world.host("a").db.dump();
      expect(await again()).toEqual({ ok: false, code: "STALLED" });
      const parent = { instanceId: "p", executionId: "e" };
      const message = { version: 1, type: "Cancel", parent } as const;
      await expect(ask(world, "a", (i) => i.deliver(message))).rejects.toThrow();
      await pass(world);
      expect((await describeSealed(world, "a"))?.status).toBe("STALLED");
      expect(world.host("a").db.dump()).toEqual(before);
      setKeys(world, `${K1},${K2}`);
      expect(await again()).toEqual({ ok: true });
      await pass(world);
      expect(JSON.parse((await describeSealed(world, "a"))?.output ?? "null")).toEqual([SECRET, 2]);
    },
  );

  it.each(wrong)("[X1.9] %s: what a message in the outbox is answered is not written either", async (_, secret) => {
    const world = makeWorld();
    world.workflow("calls", function* (ctx): Code {
      const event = yield ctx.waitForExternalEvent("go");
      try {
        yield ctx.callChildWorkflow("quiet", undefined, "busy");
      } catch (error) {
        return [event, (error as Error).message.includes("already exists")];
      }
    });
    world.workflow("busy", function* (ctx): Code {
      yield ctx.waitForExternalEvent("never");
    });
    const startPlain = (id: string, name: string) =>
      ask(world, id, (i) => i.start({ instanceId: id, name, requestId: id }));
    await startPlain("busy", "busy");
    setKeys(world, K1);
    await startPlain("a", "calls");
    await pass(world);
    world.peerFault = () => "unreachable";
    await tell(world, "a", "go", SECRET);
    await pass(world);
    setKeys(world, secret);
    world.peerFault = undefined;
    const before = world.host("a").db.dump();
    await pass(world, 120_000);
    expect((await describeSealed(world, "a"))?.status).toBe("STALLED");
    expect(world.host("a").db.dump()).toEqual(before);
    setKeys(world, K1);
    await pass(world, 3_700_000);
    await pass(world);
    expect(JSON.parse((await describeSealed(world, "a"))?.output ?? "null")).toEqual([SECRET, true]);
  });

  it.each(wrong)(
    "[X1.8] %s: an ended instance that cannot be read is not replaced, and purged only by force",
    async (_, secret) => {
      const world = makeWorld();
      world.workflow("quiet", function* () {
        return SECRET;
      });
      setKeys(world, K1);
      const startAgain = (requestId: string) =>
        ask(world, "a", (i) => i.start({ instanceId: "a", name: "quiet", requestId }));
      const purged = (force: boolean) => ask(world, "a", (i) => i.purge({ recursive: true, force }));
      await startAgain("one");
      await pass(world);
      setKeys(world, secret);
      const before = world.host("a").db.dump();
      expect((await describeSealed(world, "a"))?.status).toBe("STALLED");
      expect(await startAgain("two")).toEqual({ ok: false, code: "UNREADABLE" });
      const parent = { instanceId: "p", executionId: "e", name: "n", taskId: 1 };
      const message = { version: 1, type: "StartChild", name: "quiet", parent } as const;
      await expect(ask(world, "a", (i) => i.deliver(message))).rejects.toThrow("cannot be read");
      expect(await purged(false)).toEqual({ ok: false, code: "STALLED" });
      await pass(world);
      expect(world.host("a").db.dump()).toEqual(before);
      setKeys(world, K1);
      expect(await describeSealed(world, "a")).toMatchObject({ status: "COMPLETED", output: JSON.stringify(SECRET) });
      setKeys(world, secret);
      expect(await purged(true)).toEqual({ ok: true });
      expect(world.host("a").db.tables()).toEqual([]);
    },
  );

  it("[X1.10] a copy of a start that comes while the ended instance is read meets the one that the first copy has begun", async () => {
    const world = makeWorld();
    world.workflow("quiet", function* () {
      return SECRET;
    });
    world.workflow("calls", function* (ctx): Code {
      return yield ctx.callChildWorkflow("quiet");
    });
    setKeys(world, K1);
    const startOnce = (requestId: string, name: string) =>
      world.post("a", (i) => i.start({ instanceId: "a", name, requestId }));
    await answered(world, startOnce("one", "quiet"));
    await pass(world);
    setKeys(world, K1);
    // Each text that is opened from here on waits until it is let go.
    const gates: (() => void)[] = [];
    let isGated = false;
    const open = world.cipher as (id: string) => Cipher;
    world.cipher = (id) => {
      const cipher = open(id);
      return {
        seal: (text) => cipher.seal(text),
        async open(sealed) {
          if (isGated) await new Promise<void>((letGo) => gates.push(letGo));
          return cipher.open(sealed);
        },
      };
    };
    await describeSealed(world, "a");
    isGated = true;
    const copies = [startOnce("two", "calls"), startOnce("two", "calls")];
    await pass(world, 0);
    expect(gates.length).toBeGreaterThan(0);
    expect(gates.length % 2).toBe(0);
    const ofTheSecond = gates.splice(gates.length / 2);
    isGated = false;
    // The new one has a message in its outbox, which is none that an ended one has still to deliver.
    world.peerFault = () => "unreachable";
    for (const letGo of gates) letGo();
    expect(await answered(world, copies[0] as Promise<unknown>)).toEqual({ ok: true });
    await pass(world);
    for (const letGo of ofTheSecond) letGo();
    expect(await answered(world, copies[1] as Promise<unknown>)).toEqual({ ok: true });
    world.peerFault = undefined;
    await pass(world, 120_000);
    expect(await describeSealed(world, "a")).toMatchObject({ status: "COMPLETED", output: JSON.stringify(SECRET) });
  });

  it("[X1.11] a start with a malformed secret is refused, and writes nothing", async () => {
    const world = setKeys(makeWorld(), "k1:tooshort");
    await expect(begin(world, "a", "event", "go")).rejects.toThrow("PAYLOAD_KEYS should be id:key");
    expect(world.host("a").db.tables()).toEqual([]);
  });

  it("[X1.4] a text that was changed, or put into another instance's database, is not accepted", async () => {
    const world = setKeys(makeWorld(), K1);
    for (const id of ["a", "b"]) await begin(world, id, "event", `go ${id}`);
    await pass(world);
    const [row] = world.host("a").db.read("SELECT payload FROM instance WHERE seq = 0");
    world.crashAll();
    world.host("b").db.tamper("UPDATE instance SET payload = ? WHERE seq = 0", row?.payload as string);
    expect((await describeSealed(world, "b"))?.status).toBe("STALLED");
  });

  it("[X1.6] pages of the history, also of events that share a row, are parts of the whole", async () => {
    const world = setKeys(busyWorld(), K1);
    await begin(world, "a", "busy", SECRET);
    await pass(world);
    await tell(world, "a", "go", SECRET);
    await pass(world, 120_000);
    world.crashAll();
    const page = async (from: number, limit: number) =>
      (await ask(world, "a", (instance) => instance.history({ from, limit })))?.events;
    const all = (await page(0, 1_000)) ?? [];
    expect(JSON.stringify(all).split(SECRET).length).toBeGreaterThan(5);
    expect(world.host("a").db.read("SELECT 1 FROM instance WHERE type = 'Events'").length).toBeGreaterThan(0);
    for (let from = 0; from <= all.length; from++)
      for (const limit of [1, 2, 3]) expect(await page(from, limit)).toEqual(all.slice(from, from + limit));
  });

  it("[X1.5] off by default, and a plain text that looks like a sealed one stays what it is", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go");
    await raise(world, "a", "go", undefined);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", undefined]);
    for (const text of ["enc:k1:abc", "enc::x", "enc:", "plain"]) {
      expect(plainTexts.decode(plainTexts.encode(text))).toBe(text);
      const request = { instanceId: text.length.toString(), name: "echo", input: text, requestId: text };
      await world.call(request.instanceId, (instance) => instance.start(request));
      const found = await describeInstance(world, request.instanceId);
      expect([found?.status, found?.input, found?.output]).toEqual(["COMPLETED", text, JSON.stringify(text)]);
      expect(await purge(world, request.instanceId)).toEqual({ ok: true });
    }
  });

  it("[X1.12] each sealing of one text differs, and all open", async () => {
    const vault = new Vault(payloadCipher(K1, () => "i"));
    const [one, other] = await Promise.all([vault.seal("x"), vault.seal("x")]);
    expect(one).not.toBe(other);
    expect([await vault.open(one ?? ""), await vault.open(other ?? ""), await vault.open("plain")]).toEqual([
      "x",
      "x",
      "plain",
    ]);
    await expect(vault.writing([], () => vault.encode("not sealed"))).rejects.toThrow("not been sealed");
    expect(() => vault.decode(one ?? "")).toThrow("not been opened");
  });
});

it("[X1.13] The keys of a secret are imported once for all objects of an isolate", async () => {
  const imported = vi.spyOn(crypto.subtle, "importKey");
  const secret = `once:${key(77)},other:${key(78)}`;
  for (const id of ["a", "b"]) {
    const cipher = payloadCipher(secret, () => id);
    expect(await cipher.open(await cipher.seal("text"))).toBe("text");
  }
  expect(imported).toHaveBeenCalledTimes(2);
  imported.mockRestore();
});
