// Who gets a lease, and when: the decisions of a limit, over a ledger in memory and over one in rows alike.
import { describe, expect, it } from "vitest";
import { LEASE_MS, RENEW_MS } from "../../../src/model/lease.ts";
import type { Quota } from "../../../src/model/limit.ts";
import { Random } from "../random.ts";
import { Desk, LEDGERS, NOW } from "./support.ts";

const perMinute = (count: number): Quota => ({ rate: { count, perMs: 60_000 } });

describe.each(LEDGERS)("[L1] A limit's book, %s", (_, ledger) => {
  const desk = (quota: Quota) => new Desk(ledger(), quota);

  it("[L1.1] as many are held as may run at once; the next waits, and gets what is released, and nothing else happens", () => {
    const of = desk({ concurrency: 2 });
    expect([of.ask("a"), of.ask("b"), of.ask("c")]).toEqual(["held", "held", "waiting"]);
    expect([of.held, of.granted]).toEqual([["a", "b"], []]);
    of.release("a");
    expect([of.held, of.granted]).toEqual([["b", "c"], ["c"]]);
  });

  it("[L1.2] in a queue the first comes first", () => {
    const of = desk({ concurrency: 1 });
    for (const id of ["a", "d", "c", "b"]) of.ask(id);
    for (const id of ["a", "d", "c"]) of.release(id);
    expect(of.granted).toEqual(["d", "c", "b"]);
  });

  it("[L1.3] of several queues each comes in its turn, however long one is", () => {
    const of = desk({ concurrency: 1 });
    of.ask("running", "z");
    for (let n = 0; n < 5; n++) of.ask(`a${n}`, "a");
    for (const key of ["b", "c"]) for (let n = 0; n < 2; n++) of.ask(`${key}${n}`, key);
    for (let running = "running"; of.granted.length < 9; running = of.granted.at(-1) ?? "") of.release(running);
    expect(of.granted).toEqual(["a0", "b0", "c0", "a1", "b1", "c1", "a2", "a3", "a4"]);
  });

  it("[L1.4] whose turn it is outlasts the memory of the object", () => {
    const of = desk({ concurrency: 1 });
    of.ask("running", "z");
    for (const id of ["a0", "a1", "b0", "b1"]) of.ask(id, id.slice(0, 1));
    for (let running = "running"; of.granted.length < 4; running = of.granted.at(-1) ?? "") {
      of.reload();
      of.release(running);
    }
    expect(of.granted).toEqual(["a0", "b0", "a1", "b1"]);
  });

  it("[L1.5] so many of one key run at once; who waits behind them holds up nobody else", () => {
    const of = desk({ concurrency: 3, concurrencyPerKey: 1 });
    expect([of.ask("a0", "a"), of.ask("a1", "a"), of.ask("b0", "b")]).toEqual(["held", "waiting", "held"]);
    of.release("b0");
    expect(of.granted).toEqual([]);
    of.release("a0");
    expect(of.granted).toEqual(["a1"]);
  });

  it("[L1.6] a lease that is asked for again is renewed: what the answer says is what the ledger has", () => {
    const of = desk({ concurrency: 1 });
    const until = () => {
      const [[state] = []] = of.turn({ instanceId: "a", asks: [{ lease: "l", key: "", seq: 1 }] });
      expect(state).toMatchObject({ untilMs: of.ledger.find("a", "l")?.untilMs });
      return (state as { untilMs: number }).untilMs - NOW;
    };
    expect(until()).toBe(LEASE_MS);
    of.pass(RENEW_MS);
    expect(until()).toBe(LEASE_MS);
    of.pass(RENEW_MS);
    expect(until()).toBe(2 * RENEW_MS + LEASE_MS);
  });

  it("[L1.7] one that is not renewed comes back", () => {
    const of = desk({ concurrency: 1 });
    of.ask("a");
    of.ask("b");
    expect(of.book.nextTurnMs(NOW)).toBe(NOW + LEASE_MS);
    of.pass(LEASE_MS - 1);
    expect(of.held).toEqual(["a"]);
    of.pass(1);
    expect([of.held, of.granted]).toEqual([["b"], ["b"]]);
    expect(of.ask("a")).toBe("waiting");
  });

  it("[L1.8] what comes late from the life before changes nothing", () => {
    const of = desk({ concurrency: 1 });
    of.ask("a", "", 2);
    of.ask("b", "", 2);
    of.release("a", 1);
    of.release("b", 1);
    expect(of.ask("a", "", 1)).toBe("stale");
    expect([of.held, of.book.waiting]).toEqual([["a"], 1]);
    expect(of.ask("a", "", 3)).toBe("held");
    of.release("a", 2);
    expect(of.held).toEqual(["a"]);
  });

  it("[L1.9] a rate: as many as its number begin at once, then one after the other", () => {
    const of = desk(perMinute(6));
    const states = Array.from({ length: 8 }, (_, n) => of.ask(`${n}`));
    expect(states.filter((state) => state === "held")).toHaveLength(6);
    expect(of.book.nextTurnMs(NOW)).toBe(NOW + 10_000);
    of.pass(9_999);
    expect(of.granted).toEqual([]);
    of.pass(1);
    expect(of.granted).toEqual(["6"]);
    of.pass(10_000);
    expect(of.granted).toEqual(["6", "7"]);
  });

  it("[L1.10] what a release gives back is no beginning: the rate stays what it is", () => {
    const of = desk(perMinute(1));
    of.ask("a");
    of.release("a");
    expect(of.ask("b")).toBe("waiting");
    of.reload();
    of.pass(59_999);
    expect(of.granted).toEqual([]);
    of.pass(1);
    expect(of.granted).toEqual(["b"]);
  });

  it("[L1.11] of a grant that is not wanted, what it has taken of the rate comes back", () => {
    const of = desk({ ...perMinute(1), concurrency: 1 });
    for (const id of ["a", "b", "c"]) of.ask(id);
    of.release("a");
    of.pass(60_000);
    expect(of.granted).toEqual(["b"]);
    of.refuse("b");
    expect(of.granted).toEqual(["b", "c"]);
  });

  it("[L1.12] a clock that goes back brings nothing and takes nothing", () => {
    const of = desk(perMinute(1));
    of.ask("a");
    of.ask("b");
    of.pass(-3_600_000);
    expect(of.granted).toEqual([]);
    of.pass(60_000);
    expect(of.granted).toEqual(["b"]);
  });

  it("[L1.13] one that waits and is released has left its queue", () => {
    const of = desk({ concurrency: 1 });
    for (const id of ["a", "b", "c"]) of.ask(id);
    of.release("b");
    of.release("a");
    expect([of.granted, of.book.waiting]).toEqual([["c"], 0]);
  });

  it("[L1.14] one that has begun and lost its lease comes before those that have not, and they keep their order", () => {
    const of = desk({ concurrency: 1 });
    for (const id of ["a", "b", "c"]) of.ask(id);
    of.ask("begun", "", 1, true);
    for (const id of ["a", "begun", "b"]) of.release(id);
    expect(of.granted).toEqual(["begun", "b", "c"]);
  });

  it("[L1.15] nobody overtakes one that waits: who asks while there is a queue goes to its end", () => {
    const of = desk({ concurrency: 1 });
    of.ask("a");
    of.ask("b");
    of.turn(
      { instanceId: "a", releases: [{ lease: "l", seq: 1 }] },
      { instanceId: "c", asks: [{ lease: "l", key: "", seq: 1 }] },
    );
    expect([of.held, of.granted, of.book.waiting]).toEqual([["b"], ["b"], 1]);
  });

  it("[L1.16] other code: with more room those that wait begin, with less nobody is sent away", () => {
    const of = desk({ concurrency: 1 });
    for (const id of ["a", "b", "c", "d"]) of.ask(id);
    of.reload({ concurrency: 3 });
    expect(of.book.nextTurnMs(of.nowMs)).toBe(of.nowMs);
    of.pass(0);
    expect(of.granted).toEqual(["b", "c"]);
    of.reload({ concurrency: 1 });
    of.release("a");
    of.release("b");
    expect(of.held).toEqual(["c"]);
    of.release("c");
    expect(of.granted).toEqual(["b", "c", "d"]);
  });

  it("[L1.17] where the limit is gone, nobody waits any more", () => {
    const of = desk({ concurrency: 1 });
    for (const id of ["a", "b", "c"]) of.ask(id);
    of.reload({});
    of.pass(0);
    expect(of.granted).toEqual(["b", "c"]);
  });

  it("[L1.18] a thousand that may begin are told in several goes, and nobody is forgotten", () => {
    const of = desk({ concurrency: 1 });
    for (let n = 0; n <= 1_000; n++) of.ask(`${n}`);
    of.reload({});
    for (let goes = 0; goes < 4; goes++) {
      expect(of.book.nextTurnMs(of.nowMs)).toBe(of.nowMs);
      of.pass(0);
      expect(of.granted.length).toBe(Math.min(1_000, 256 * (goes + 1)));
    }
    expect(of.book.nextTurnMs(of.nowMs)).toBe(of.nowMs + LEASE_MS);
  });

  it("[L1.19] with nothing held and nobody who waits there is no next time", () => {
    const of = desk({ concurrency: 1, ...perMinute(1) });
    of.ask("a");
    of.release("a");
    expect(of.book.nextTurnMs(NOW)).toBe(Number.POSITIVE_INFINITY);
  });

  it("[L1.21] the position of each that is asked for, in the queue of its key; of several that wait the first; of others none", () => {
    const of = desk({ concurrency: 1 });
    for (const id of ["held", "a1", "a2", "a3"]) of.ask(id, "a");
    for (const id of ["b1", "b2"]) of.ask(id, "b");
    of.turn({ instanceId: "b1", asks: [{ lease: "other", key: "a", seq: 1 }] });
    of.ask("begun", "a", 1, true);
    const positions = (...ids: string[]) => Object.fromEntries(of.ledger.positions(ids));
    expect(positions("held", "a1", "a3", "b1", "b2", "begun", "nobody")).toEqual({
      begun: 1,
      a1: 2,
      a3: 4,
      b1: 1,
      b2: 2,
    });
    of.release("held");
    expect([of.granted, positions("begun", "a1", "a2")]).toEqual([["b1"], { begun: 1, a1: 2, a2: 3 }]);
    expect([positions("b1"), positions()]).toEqual([{ b1: 5 }, {}]);
  });

  it("[L1.22] a former part of a limit gives nothing away: whoever waits there is sent to those of today, once, in the order of the queue", () => {
    const of = desk({ concurrency: 1 });
    for (const id of ["held", "b", "a"]) of.ask(id);
    of.reload({ isFormer: true });
    expect([of.ask("late"), of.granted]).toEqual(["waiting", []]);
    expect(of.book.nextTurnMs(NOW)).toBe(NOW + 1_000);
    of.pass(1_000);
    expect([of.granted, of.held, of.book.waiting]).toEqual([["b", "a", "late"], ["held"], 0]);
    expect(of.sent.map(({ untilMs }) => untilMs)).toEqual([0, 0, 0]);
    expect(of.book.nextTurnMs(of.nowMs)).toBe(NOW + LEASE_MS);
    of.pass(LEASE_MS - 1_000);
    expect([of.held, of.book.nextTurnMs(of.nowMs)]).toEqual([[], Number.POSITIVE_INFINITY]);
    expect([of.ask("alone"), of.held]).toEqual(["waiting", []]);
  });

  it("[L1.23] many at a former part are sent in goes of 256, a second apart", () => {
    const of = desk({ concurrency: 1 });
    for (let n = 0; n <= 600; n++) of.ask(`${n}`);
    of.reload({ isFormer: true });
    for (const sent of [256, 512, 600]) {
      expect(of.book.nextTurnMs(of.nowMs)).toBe(of.nowMs + 1_000);
      of.pass(1_000);
      expect(of.granted).toHaveLength(sent);
    }
  });

  it("[L1.24] queues that are full are looked at once, and not with every turn; one that is free again begins", () => {
    const of = desk({ concurrencyPerKey: 1 });
    for (const name of ["runs", "waits"]) {
      const asks = (n: number) => [{ lease: "l", key: `k${n}`, seq: 1 }];
      of.turn(...Array.from({ length: 500 }, (_, n) => ({ instanceId: `${name}${n}`, asks: asks(n) })));
    }
    let looks = 0;
    const { ledger } = of;
    const nextKey = ledger.nextKey.bind(ledger);
    ledger.nextKey = (after) => {
      looks++;
      return nextKey(after);
    };
    expect(of.ask("runs7", "k7")).toBe("held");
    expect(of.ask("more", "k7")).toBe("waiting");
    of.release("runs499");
    of.release("runs3");
    expect([of.granted, of.book.nextTurnMs(of.nowMs)]).toEqual([["waits499", "waits3"], NOW + LEASE_MS]);
    expect(looks).toBe(0);
    // Many at once: all are looked at again.
    of.turn(
      ...Array.from({ length: 100 }, (_, n) => ({ instanceId: `runs${n + 100}`, releases: [{ lease: "l", seq: 1 }] })),
    );
    expect([of.granted.length, of.book.running]).toEqual([102, 500]);
    expect(looks).toBeGreaterThan(0);
  });

  it("[L1.25] one that waits and is asked for with a later number has that: what comes late from before takes it out of no queue", () => {
    const of = desk({ concurrency: 1 });
    of.ask("a");
    of.ask("b", "", 1);
    of.ask("b", "", 3);
    of.release("b", 2);
    expect(of.book.waiting).toBe(1);
    of.release("b", 3);
    expect(of.book.waiting).toBe(0);
  });

  it("[L1.26] those whose part this was before the object was loaded are sent on when their turn comes, and take no place; who asks now has one", () => {
    const of = desk({ concurrency: 1 });
    for (const id of ["holds", "other", "own"]) of.ask(id, id);
    of.nowMs += 1;
    of.reload({ concurrency: 1, owns: (key) => key === "own" });
    of.ask("late", "late");
    const told = () => of.sent.map(({ instanceId, untilMs }) => [instanceId, untilMs > 0]);
    of.release("holds");
    expect([told(), of.held]).toEqual([[["late", true]], ["late"]]);
    of.release("late");
    expect([told().slice(1), of.held, of.book.waiting]).toEqual([
      [
        ["other", false],
        ["own", true],
      ],
      ["own"],
      0,
    ]);
  });

  it("[L1.27] queues that are free again come in turn, too", () => {
    const of = desk({ concurrencyPerKey: 1 });
    for (const id of ["a0", "b0", "c0", "a1", "b1", "c1"]) of.ask(id, id.slice(0, 1));
    of.release("b0");
    of.turn(...["a0", "c0"].map((instanceId) => ({ instanceId, releases: [{ lease: "l", seq: 1 }] })));
    expect(of.granted).toEqual(["b1", "c1", "a1"]);
  });

  it("[L1.28] what has been given and not renewed may not have been told; what has been renewed has", () => {
    const of = desk({ concurrency: 1 });
    of.ask("a");
    of.ask("b");
    of.release("a");
    const untold = () => of.book.untold().map(({ instanceId }) => instanceId);
    expect(untold()).toEqual(["b"]);
    of.pass(2 * RENEW_MS);
    of.ask("b");
    expect(untold()).toEqual([]);
  });

  it("[L1.20] by chance: never more at once than may run, of all and of a key; a reload changes nothing; everybody has a turn", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = new Random(seed);
      const chance = (n: number) => random.below(n);
      const quota = { concurrency: 1 + chance(4), concurrencyPerKey: 1 + chance(3), rate: { count: 50, perMs: 1_000 } };
      const of = desk(quota);
      const open = new Map<string, string>();
      for (let n = 0; n < 200; n++) {
        const id = `i${chance(30)}`;
        const what = chance(10);
        if (what < 5) {
          const key = open.get(id) ?? `k${chance(4)}`;
          open.set(id, key);
          of.ask(id, key);
        } else if (what < 8) {
          of.release(id);
          open.delete(id);
        } else if (what < 9) of.pass(chance(3_000));
        else of.reload();
        const held = of.ledger.held();
        expect(held.length).toBeLessThanOrEqual(quota.concurrency);
        for (const { key } of held)
          expect(held.filter((entry) => entry.key === key).length).toBeLessThanOrEqual(quota.concurrencyPerKey);
        expect([of.book.running, of.book.waiting]).toEqual([held.length, of.ledger.waiting()]);
        // Of whom may begin but for the rate, there is a time at which one does.
        const isFree = (key: string) => held.filter((entry) => entry.key === key).length < quota.concurrencyPerKey;
        const free = of.ledger.queues(9).queues.filter(({ key }) => isFree(key));
        if (free.length > 0 && held.length < quota.concurrency)
          expect(of.book.nextTurnMs(of.nowMs)).toBeLessThanOrEqual(of.nowMs + 20);
      }
      // Nobody renews: all come to their end.
      for (let n = 0; n < 1_000 && of.book.nextTurnMs(of.nowMs) !== Number.POSITIVE_INFINITY; n++)
        of.pass(Math.max(0, of.book.nextTurnMs(of.nowMs) - of.nowMs));
      expect([of.held, of.book.waiting]).toEqual([[], 0]);
    }
  });
});
