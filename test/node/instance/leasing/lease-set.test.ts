// [I57] What an instance says to its limiters, and makes of their answers: the leases alone, without a world.
import { describe, expect, it } from "vitest";
import type { ActivityRun } from "../../../../src/instance/activities/index.ts";
import { Lease } from "../../../../src/instance/leasing/lease.ts";
import { LeaseSet } from "../../../../src/instance/leasing/lease-set.ts";
import type { LeaseRequest, LeaseState } from "../../../../src/model/lease.ts";
import type { Limit } from "../../../../src/model/limit.ts";
import { portsAlone } from "../life/alone.ts";

const NOW = 1_000_000;
const LIMIT: Limit = { name: "cards", kind: "activity", target: "charge", concurrency: 1, parts: 1 };
const HELD = (untilMs = NOW + 60_000): LeaseState => ({ type: "held", untilMs });
const WAITING: LeaseState = { type: "waiting" };

class Instance {
  nowMs = NOW;
  readonly burst = { isOpen: false };
  readonly requests: LeaseRequest[] = [];
  /** For each time that something has changed: whether it was of the workflow. */
  readonly changes: boolean[] = [];
  readonly begun: string[] = [];
  readonly texts: unknown[] = [];
  readonly set: LeaseSet;
  readonly #answers: ((states: LeaseState[] | undefined) => void)[] = [];

  constructor() {
    const lease = (request: LeaseRequest) => {
      this.requests.push(request);
      return new Promise<LeaseState[]>((resolve, reject) => {
        this.#answers.push((states) => (states === undefined ? reject(new Error("lost")) : resolve(states)));
      });
    };
    const limiters = { limiter: () => ({ lease, places: async () => [] }) };
    const clock = { now: () => this.nowMs, delay: () => Promise.resolve(), schedule: () => () => undefined };
    const log = (line: object) => void this.texts.push(Reflect.get(line, "text"));
    this.set = new LeaseSet(portsAlone({ limiters, clock, log }), {
      burst: this.burst,
      leaseChanged: (isOfWorkflow) => void this.changes.push(isOfWorkflow),
    });
  }

  activity(id: string, deadlineAtMs?: number): Lease {
    const task = { type: "TaskScheduled", id: 1, name: "charge", ...(deadlineAtMs && { deadlineAtMs }) };
    const run = { executionId: "e", task } as ActivityRun;
    const lease = new Lease(
      id,
      LIMIT,
      "",
      { type: "activity", run, begin: () => void this.begun.push(id) },
      this.set.nextSeq(),
    );
    this.set.add(lease);
    return lease;
  }

  workflow(id = "w"): Lease {
    const lease = new Lease(id, LIMIT, "", { type: "workflow", isBegun: false }, this.set.nextSeq());
    this.set.add(lease);
    return lease;
  }

  /** To the oldest request that has none; nothing: it is lost. */
  async answer(...states: LeaseState[]): Promise<void> {
    this.#answers.shift()?.(states.length === 0 ? undefined : states);
    for (let n = 0; n < 10; n++) await Promise.resolve();
  }

  get asked(): readonly (readonly string[])[] {
    return this.requests.map(({ asks }) => asks.map(({ lease }) => lease));
  }
}

describe("[I57] The leases of an instance", () => {
  it("[I57.1] while a burst is open nothing is sent; at its end all that is due, in one request; what is asked is not asked again", () => {
    const of = new Instance();
    of.activity("a");
    of.activity("b");
    of.burst.isOpen = true;
    of.set.flush();
    expect(of.requests).toEqual([]);
    of.burst.isOpen = false;
    of.set.flush();
    of.set.flush();
    expect(of.asked).toEqual([["a", "b"]]);
  });

  it("[I57.2] it is asking from before the question to its answer, and not while it waits or holds", async () => {
    const of = new Instance();
    expect(of.set.isAsking).toBe(false);
    of.activity("a");
    expect(of.set.isAsking).toBe(true);
    of.set.flush();
    expect(of.set.isAsking).toBe(true);
    await of.answer(WAITING);
    expect(of.set.isAsking).toBe(false);
  });

  it("[I57.3] a lease is held until its time is over, and not a moment longer, before anybody has looked", async () => {
    const of = new Instance();
    of.workflow();
    of.set.flush();
    await of.answer(HELD(NOW + 5));
    expect(of.set.isHeld("w")).toBe(true);
    of.nowMs = NOW + 4;
    expect(of.set.isHeld("w")).toBe(true);
    of.nowMs = NOW + 5;
    expect([of.set.isHeld("w"), of.texts]).toEqual([false, []]);
    of.set.flush();
    of.set.flush();
    expect([of.set.isHeld("w"), of.texts]).toEqual([false, ["a lease was lost: it was not renewed in time"]]);
  });

  it("[I57.4] an answer whose time is over by then is none: nothing begins, and it is asked again", async () => {
    const of = new Instance();
    of.activity("a");
    of.set.flush();
    of.nowMs += 60_000;
    await of.answer(HELD(NOW + 60_000));
    expect([of.begun, of.set.isHeld("a"), of.asked]).toEqual([[], false, [["a"], ["a"]]]);
  });

  it("[I57.5] an answer for what nobody wants any more, or that has another lease by now, changes nothing", async () => {
    const of = new Instance();
    of.activity("a");
    of.set.flush();
    of.set.drop("a");
    const other = of.activity("a");
    await of.answer(HELD());
    expect([of.begun, other.isHeld]).toEqual([[], false]);
    const [, { releases, asks } = { releases: [], asks: [] }] = of.requests;
    expect([releases.map(({ lease }) => lease), asks.map(({ seq }) => seq)]).toEqual([["a"], [other.seq]]);
  });

  it("[I57.6] one that there is no answer for is as it was, and asked again", async () => {
    const of = new Instance();
    const [a, b] = [of.activity("a"), of.activity("b")];
    of.set.flush();
    await of.answer(HELD());
    expect([a.isHeld, b.isHeld, b.isWaiting, of.asked]).toEqual([true, false, false, [["a", "b"], ["b"]]]);
  });

  it("[I57.7] a renewal that is answered with waiting: it is lost, and is told of once; what has begun goes on", async () => {
    const of = new Instance();
    const lease = of.activity("a");
    of.set.flush();
    await of.answer(HELD());
    of.nowMs += 20_000;
    of.set.flush();
    await of.answer(WAITING);
    expect([lease.isHeld, lease.isWaiting, of.begun]).toEqual([false, true, ["a"]]);
    expect(of.texts).toEqual(["a lease was lost: it was not renewed in time"]);
    // The next is for one that has begun already.
    of.nowMs += 300_000;
    of.set.flush();
    expect(of.requests.at(-1)?.asks[0]?.isBegun).toBe(true);
    await of.answer(HELD(of.nowMs + 60_000));
    expect(of.begun).toEqual(["a"]);
  });

  it("[I57.8] told that a later number is known, it asks with a later one", async () => {
    const of = new Instance();
    const lease = of.activity("a");
    of.set.flush();
    await of.answer({ type: "stale", seq: lease.seq + 5_000 });
    const [first, second] = of.requests.map(({ asks }) => asks[0]?.seq ?? 0);
    expect(second).toBe((first ?? 0) + 5_001);
    expect(of.set.nextSeq()).toBe((second ?? 0) + 1);
  });

  it("[I57.9] numbers grow with the clock, also over lives, and when that stands still or goes back", () => {
    const of = new Instance();
    expect([of.set.nextSeq(), of.set.nextSeq()]).toEqual([NOW * 1_000, NOW * 1_000 + 1]);
    of.nowMs += 7;
    expect(of.set.nextSeq()).toBe((NOW + 7) * 1_000);
    of.nowMs -= 100;
    expect(of.set.nextSeq()).toBe((NOW + 7) * 1_000 + 1);
  });

  it("[I57.10] without an answer it pauses, longer each time, and warns; a release that is lost is not sent again", async () => {
    const of = new Instance();
    const lease = of.activity("a");
    const pauses = [];
    for (let n = 0; n < 3; n++) {
      of.set.flush();
      await of.answer();
      pauses.push(lease.nextAtMs - of.nowMs);
      of.nowMs = lease.nextAtMs;
    }
    expect([pauses, of.requests.length]).toEqual([[500, 1_000, 2_000], 3]);
    expect(new Set(of.texts)).toEqual(new Set(["its limiter did not answer: what is limited waits"]));
    of.set.drop("a");
    of.set.flush();
    await of.answer();
    of.set.flush();
    expect([of.requests.length, of.texts.length]).toEqual([4, 3]);
  });

  it("[I57.11] a grant begins what waits, once, and says whether it is wanted; one that is over is asked for again at once", async () => {
    const of = new Instance();
    for (const id of ["a", "b"]) of.activity(id);
    of.workflow();
    of.set.flush();
    await of.answer(WAITING, WAITING, WAITING);
    const granted = (untilMs: number, ...leases: string[]) =>
      of.set.granted({ leases: leases.map((lease) => ({ lease, seq: of.set.nextSeq(), untilMs })) });
    expect(granted(NOW + 60_000, "a", "nobody's")).toEqual([true, false]);
    granted(NOW + 60_000, "a");
    expect([of.begun, of.requests.length]).toEqual([["a"], 1]);
    expect(granted(0, "b")).toEqual([true]);
    expect([of.begun, of.asked.at(-1)]).toEqual([["a"], ["b"]]);
    of.changes.length = 0;
    granted(NOW + 60_000, "w");
    granted(NOW + 60_000, "b");
    expect(of.changes).toEqual([true, false]);
  });

  it("[I57.12] it is renewed 20 s after it was given, and not earlier where a renewal has brought no new end", async () => {
    const of = new Instance();
    const lease = of.activity("a");
    of.set.flush();
    await of.answer(HELD());
    expect(lease.nextAtMs).toBe(NOW + 20_000);
    expect([of.set.nextDueAtMs(NOW), of.set.nextDueAtMs(NOW + 20_000)]).toEqual([
      NOW + 20_000,
      Number.POSITIVE_INFINITY,
    ]);
    of.nowMs += 20_000;
    of.set.flush();
    // While it asks, the end of the lease is what is next.
    expect(of.set.nextDueAtMs(of.nowMs)).toBe(NOW + 60_000);
    await of.answer(HELD());
    expect(lease.nextAtMs).toBe(NOW + 40_000);
    // A clock that was behind: it is renewed by the end that the limiter has told.
    of.nowMs = NOW + 40_000;
    of.set.flush();
    await of.answer(HELD(of.nowMs + 90_000));
    expect(lease.nextAtMs).toBe(of.nowMs + 50_000);
  });

  it("[I57.13] a call whose time is over begins without a lease, and fails by itself; one that runs has no such time", async () => {
    const of = new Instance();
    const lease = of.activity("a", NOW + 30_000);
    of.set.flush();
    await of.answer(WAITING);
    expect(of.set.nextDueAtMs(NOW)).toBe(NOW + 30_000);
    of.nowMs += 30_000;
    of.set.flush();
    of.set.flush();
    expect([of.begun, of.asked, lease.deadlineMs]).toEqual([["a"], [["a"]], Number.POSITIVE_INFINITY]);
  });

  it("[I57.14] what was given to an earlier life of the object is not taken, and is asked for: that life may have given it back", async () => {
    const of = new Instance();
    const { seq } = of.activity("a");
    of.set.flush();
    await of.answer(WAITING);
    const given = { lease: "a", untilMs: NOW + 60_000 };
    expect(of.set.granted({ leases: [{ ...given, seq: seq - 1 }] })).toEqual([true]);
    expect([of.begun, of.asked]).toEqual([[], [["a"], ["a"]]]);
    await of.answer(HELD());
    expect(of.begun).toEqual(["a"]);
  });
});
