// [K21] What a shard keeps of what it is told, late, doubled and out of order.
import { describe, expect, it } from "vitest";
import { MOST_SKEW } from "../../../src/model/catalog-entry.ts";
import { announce, DAY, departure, entry, listed, NOW, OK, openShard, page, reopen, tell, written } from "./support.ts";

const running = entry("a", { status: "RUNNING", waitingFor: "event:go" });
const ended = entry("a", { endedAtMs: DAY + 9 });

describe("[K21] Announcements", () => {
  it("[K21.1] an entry comes back as it was announced, after a restart too", () => {
    const opened = openShard();
    const whole = entry("a", {
      status: "FAILED",
      endedAtMs: DAY + 9,
      version: "2",
      parentInstanceId: "p",
      customStatus: "packing",
      failure: { errorType: "TypeError", message: "no pens" },
      searchAttributes: { customer: "c995", total: 12.5, vip: true, tags: ["x", "y"] },
      waitingFor: "activity:charge",
      retrying: true,
    });
    expect(tell(opened, announce(whole, 1))).toEqual(OK);
    expect(opened.store.page(page()).entries).toEqual([whole]);
    tell(opened, announce(entry("b", { createdAtMs: DAY - 1 }), 1));
    expect(reopen(opened).store.page(page()).entries).toEqual([whole, entry("b", { createdAtMs: DAY - 1 })]);
  });

  it("[K21.2] the newest version wins: an older one writes no row, and is answered with the one that is held", () => {
    const opened = openShard();
    tell(opened, announce(ended, 7));
    written(opened);
    expect(tell(opened, announce(running, 6))).toEqual({ ok: false, code: "STALE", held: { seq: 7, entry: ended } });
    expect(written(opened)).toEqual({});
    expect(tell(opened, announce(running, 8))).toEqual(OK);
    expect(opened.store.page(page()).entries).toEqual([running]);
  });

  it("[K21.3] one that comes a second time is answered as the first, and writes no row", () => {
    const opened = openShard();
    tell(opened, announce(ended, 7));
    written(opened);
    expect(tell(opened, announce(ended, 7))).toEqual(OK);
    expect(written(opened)).toEqual({});
  });

  it("[K21.4] several of one flush are applied in the order in which they came", () => {
    const opened = openShard();
    const answers = opened.store.tell([announce(running, 1), announce(ended, 3), announce(running, 2)], NOW);
    expect(answers).toEqual([OK, OK, { ok: false, code: "STALE", held: { seq: 3, entry: ended } }]);
    expect(opened.store.page(page()).entries).toEqual([ended]);
  });

  it("[K21.5] an announcement writes one row, and the mark of the counts once", () => {
    const opened = openShard();
    tell(opened, announce(entry("first"), 1));
    written(opened);
    tell(opened, announce(ended, 7));
    expect(written(opened)).toEqual({ entry: 1 });
  });
});

describe("[K21] A life after another under the same ID", () => {
  const next = entry("a", { createdAtMs: DAY + 100, status: "RUNNING" });
  const former = { createdAtMs: DAY, shard: "0-0" };

  it("[K21.6] takes the row of the former one away, in the same flush", () => {
    const opened = openShard();
    tell(opened, announce(ended, 7));
    expect(tell(opened, announce(next, 20, former))).toEqual(OK);
    expect(opened.store.page(page()).entries).toEqual([next]);
  });

  it("[K21.7] what comes late of the former one is refused, whether or not its row had come before", () => {
    for (const first of [[announce(running, 6)], []]) {
      const opened = openShard();
      opened.store.tell([...first, announce(next, 20, former)], NOW);
      const refused = { ok: false, code: "STALE", held: { seq: 19 + MOST_SKEW, gone: true } };
      // The second has its number from a machine whose clock was ahead.
      for (const seq of [7, MOST_SKEW]) expect(tell(opened, announce(ended, seq))).toEqual(refused);
      expect(opened.store.page(page()).entries).toEqual([next]);
    }
  });

  it("[K21.8] an announcement that is late itself takes the former row away, once, and is refused", () => {
    const opened = openShard();
    opened.store.tell([announce(ended, 7), announce(next, 21)], NOW);
    written(opened);
    expect(tell(opened, announce(next, 20, former))).toMatchObject({ code: "STALE", held: { seq: 21 } });
    expect(listed(opened)).toEqual(["a"]);
    expect(written(opened)).toEqual({ entry: 1 });
    tell(opened, announce(next, 20, former));
    expect(written(opened)).toEqual({});
  });

  it("[K21.9] a former life of another shard is that shard's: it is told by itself", () => {
    const opened = openShard();
    tell(opened, announce(ended, 7));
    tell(opened, announce(next, 20, { ...former, shard: "0-1" }));
    expect(listed(opened)).toEqual(["a", "a"]);
    expect(tell(opened, departure("forget", "a", 19))).toEqual(OK);
    expect(opened.store.page(page()).entries).toEqual([next]);
  });

  it("[K21.10] created in the same millisecond, it is the same row", () => {
    const opened = openShard();
    tell(opened, announce(ended, 7));
    expect(tell(opened, announce(running, 8, former))).toEqual(OK);
    expect(opened.store.page(page()).entries).toEqual([running]);
  });
});

describe("[K21] A life between two others", () => {
  it("[K21.19] its announcement, late itself, has the shard refuse what comes still later of the life before it", () => {
    const opened = openShard();
    const [first, second, third] = [0, 1, 2].map((n) => entry("a", { createdAtMs: DAY + n })) as [
      typeof ended,
      typeof ended,
      typeof ended,
    ];
    tell(opened, announce(third, 30, { createdAtMs: second.createdAtMs, shard: "0-0" }));
    expect(tell(opened, announce(second, 20, { createdAtMs: first.createdAtMs, shard: "0-0" }))).toMatchObject({
      code: "STALE",
    });
    expect(tell(opened, announce(first, 10))).toEqual({
      ok: false,
      code: "STALE",
      held: { seq: 19 + MOST_SKEW, gone: true },
    });
    expect(opened.store.page(page()).entries).toEqual([third]);
  });
});

describe("[K21] Two lives of the same millisecond", () => {
  it("[K21.20] a purge of the first that is remembered does not let the second back in, once a third has come", () => {
    const opened = openShard();
    tell(opened, departure("forget", "a", 14));
    const third = entry("a", { createdAtMs: DAY + 5 });
    tell(opened, announce(third, 20, { createdAtMs: DAY, shard: "0-0" }));
    expect(tell(opened, announce(ended, 16))).toEqual({
      ok: false,
      code: "STALE",
      held: { seq: 19 + MOST_SKEW, gone: true },
    });
    expect(opened.store.page(page()).entries).toEqual([third]);
  });
});

describe("[K21] A row that has a higher number than its instance", () => {
  it("[K21.21] keeps it as a mark, so that nothing of its number comes back", () => {
    const opened = openShard();
    tell(opened, announce(ended, 50 + MOST_SKEW));
    const next = entry("a", { createdAtMs: DAY + 1 });
    tell(opened, announce(next, 41, { createdAtMs: DAY, shard: "0-0" }));
    expect(tell(opened, announce(running, 45 + MOST_SKEW))).toEqual({
      ok: false,
      code: "STALE",
      held: { seq: 50 + MOST_SKEW, gone: true },
    });
    expect(opened.store.page(page()).entries).toEqual([next]);
  });
});

describe("[K21] Leaving", () => {
  it.each(["leave", "forget"] as const)(
    "[K21.11] %s: the row is not listed, and nothing that was told before brings it back",
    (type) => {
      const opened = openShard();
      tell(opened, announce(running, 1));
      expect(tell(opened, departure(type, "a", 5))).toEqual(OK);
      expect(listed(opened)).toEqual([]);
      expect(tell(opened, announce(ended, 4))).toEqual({ ok: false, code: "STALE", held: { seq: 5, gone: true } });
      expect(tell(reopen(opened), announce(ended, 4))).toMatchObject({ code: "STALE" });
      expect(listed(opened)).toEqual([]);
    },
  );

  it.each(["leave", "forget"] as const)(
    "[K21.12] %s: of one that was never announced, it is remembered all the same",
    (type) => {
      const opened = openShard();
      expect(tell(opened, departure(type, "a", 5))).toEqual(OK);
      expect(tell(opened, announce(ended, 4))).toMatchObject({ code: "STALE" });
      expect(listed(opened)).toEqual([]);
    },
  );

  it("[K21.13] a purge that comes to nothing: what the instance announces after it lists it again", () => {
    const opened = openShard();
    tell(opened, announce(running, 1));
    tell(opened, departure("leave", "a", 5));
    expect(tell(opened, announce(ended, 6))).toEqual(OK);
    expect(opened.store.page(page()).entries).toEqual([ended]);
    expect(tell(opened, departure("leave", "a", 5))).toMatchObject({ code: "STALE", held: { seq: 6, entry: ended } });
  });

  it("[K21.14] a mark that comes twice writes once; one that is gone does not become one that is leaving", () => {
    const opened = openShard();
    tell(opened, announce(running, 1));
    tell(opened, departure("leave", "a", 5));
    written(opened);
    expect(tell(opened, departure("leave", "a", 5))).toEqual(OK);
    expect(written(opened)).toEqual({});
    expect(tell(opened, departure("forget", "a", 5))).toEqual(OK);
    expect(written(opened)).toEqual({ entry: 1 });
    expect(tell(opened, departure("leave", "a", 5))).toEqual(OK);
    expect(opened.db.read("SELECT status FROM entry")).toEqual([{ status: -2 }]);
  });

  it("[K21.15] the ID may begin a new life at once", () => {
    const opened = openShard();
    opened.store.tell([announce(ended, 1), departure("leave", "a", 5)], NOW);
    const next = entry("a", { createdAtMs: DAY + 100 });
    expect(tell(opened, announce(next, 9))).toEqual(OK);
    expect(opened.store.page(page()).entries).toEqual([next]);
  });

  it("[K21.16] a life is remembered for an hour after it was marked as gone, and not by one that is leaving", () => {
    const opened = openShard();
    tell(opened, announce(entry("b"), 1));
    tell(opened, departure("forget", "a", 5), NOW);
    tell(opened, departure("leave", "b", 5), NOW);
    opened.store.expire(NOW, 100);
    expect(opened.db.read("SELECT id FROM entry ORDER BY id")).toEqual([{ id: "a" }, { id: "b" }]);
    opened.store.expire(NOW + 1, 100);
    expect(opened.db.read("SELECT id FROM entry")).toEqual([{ id: "b" }]);
    expect(opened.store.marks()).toEqual({ leavingSinceMs: NOW, goneSinceMs: undefined });
  });
});

describe("[K21] A flush", () => {
  it("[K21.17] is all or nothing, the tables too; what follows finds nothing of one that failed", () => {
    const opened = openShard();
    opened.fault.before = (statement) => {
      if (statement.includes("INTO meta") && opened.db.read("SELECT 1 AS n FROM entry").length > 1)
        throw new Error("SQLITE_FULL");
    };
    const both = [announce(ended, 1), announce(entry("b", { workflowName: "other" }), 1)];
    expect(() => opened.store.tell(both, NOW)).toThrow("SQLITE_FULL");
    expect(opened.db.tables()).toEqual([]);
    expect([opened.store.health(), listed(opened)]).toEqual([expect.objectContaining({ entries: 0, live: 0 }), []]);
    opened.fault.before = undefined;
    expect(opened.store.tell(both, NOW)).toEqual([OK, OK]);
    expect(
      reopen(opened)
        .store.page(page())
        .entries.map(({ workflowName }) => workflowName),
    ).toEqual(["other", "order"]);
  });

  it("[K21.18] one that fails later takes back the names that it has added", () => {
    const opened = openShard();
    tell(opened, announce(ended, 1));
    opened.fault.before = (statement) => {
      if (statement.includes("INTO entry")) throw new Error("SQLITE_FULL");
    };
    const named = (id: string, workflowName: string) => announce(entry(id, { workflowName }), 1);
    expect(() => tell(opened, named("b", "lost"))).toThrow("SQLITE_FULL");
    opened.fault.before = undefined;
    opened.store.tell([named("c", "kept"), named("d", "lost")], NOW);
    const names = (of: typeof opened) =>
      of.store.page(page()).entries.map(({ instanceId, workflowName }) => `${instanceId} ${workflowName}`);
    expect(names(opened)).toEqual(["d lost", "c kept", "a order"]);
    expect(names(reopen(opened))).toEqual(names(opened));
    expect(opened.store.health()).toMatchObject({ entries: 3, live: 0 });
  });
});
