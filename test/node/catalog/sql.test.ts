// [K24] How a filter becomes SQL: bound, by the index that is made for it, and never a look at more than 200,000 rows.
import { describe, expect, it } from "vitest";
import { readParameters } from "../../../src/catalog/query/parameters.ts";
import type { SqlValue } from "../../../src/storage/sql-database.ts";
import { Random } from "../random.ts";
import { announce, DAY, entry, idsOf, listed, NOW, type Opened, openShard, page } from "./support.ts";

/** The plans of the statements that read `entry` for these parameters. */
function plansOf(opened: Opened, query: string, more: Parameters<typeof page>[0] = {}): string[] {
  opened.statements.length = 0;
  const { filter } = readParameters(new URLSearchParams(query));
  opened.store.page(page({ filter, ...more }));
  const read = opened.statements.filter(({ text }) => text.includes("FROM entry"));
  return [...new Set(read.flatMap(({ text, bindings }) => planOf(opened, text, bindings as SqlValue[])))];
}

function planOf({ db }: Opened, text: string, bindings: readonly SqlValue[]): string[] {
  return db
    .read<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`, ...bindings)
    .map(({ detail }) => detail.replace("COVERING ", ""))
    .filter((detail) => /entry|B-TREE/.test(detail));
}

function filled(): Opened {
  const opened = openShard();
  opened.store.tell([announce(entry("a"), 1), announce(entry("b", { status: "FAILED" }), 1)], NOW);
  return opened;
}

describe("[K24] Plans", () => {
  const opened = filled();
  const after = { createdAtMs: DAY + 1, instanceId: "z" };

  it.each<[string, string, string[]]>([
    ["the newest", "", ["SCAN entry"]],
    ["failed", "status=FAILED", ["SEARCH entry USING INDEX bad (status=?)"]],
    ["running", "status=RUNNING", ["SEARCH entry USING INDEX live (status=?)"]],
    [
      "all that live or ended badly",
      "status=RUNNING,PENDING,STALLED,SUSPENDED,FAILED,TERMINATED,CANCELED",
      ["SEARCH entry USING INDEX live (status=?)", "SEARCH entry USING INDEX bad (status=?)"],
    ],
    [
      "not completed, in words",
      "q=Status != 'COMPLETED' AND Name = 'x'",
      ["SEARCH entry USING INDEX live (status=?)", "SEARCH entry USING INDEX bad (status=?)"],
    ],
    ["completed", "status=COMPLETED,FAILED", ["SCAN entry"]],
    [
      "failed of a day",
      "status=FAILED&createdAfter=2026-11-27&createdBefore=2026-11-28",
      ["SEARCH entry USING INDEX bad (status=? AND (created,id)>(?,?) AND (created,id)<(?,?))"],
    ],
    [
      "of a day, in words",
      "q=Created >= 2026-11-27 AND Created < 2026-11-28",
      ["SEARCH entry USING PRIMARY KEY ((created,id)>(?,?) AND (created,id)<(?,?))"],
    ],
    ["an attribute", "attr.customer=c995", ["SCAN entry"]],
  ])("[K24.1] %s: in the order of the list, without sorting", (_what, query, plans) => {
    expect(plansOf(opened, query)).toEqual(plans);
  });

  it("[K24.2] a page further on begins at its place, in both orders and in each index", () => {
    const range = "(created,id)<(?,?)";
    expect(plansOf(opened, "", { after })).toEqual([`SEARCH entry USING PRIMARY KEY (${range})`]);
    expect(plansOf(opened, "status=FAILED", { after })).toEqual([
      `SEARCH entry USING INDEX bad (status=? AND ${range})`,
    ]);
    expect(plansOf(opened, "", { after, order: "asc" })).toEqual([
      "SEARCH entry USING PRIMARY KEY ((created,id)>(?,?))",
    ]);
  });

  it("[K24.3] of the place and the times of the filter the tighter one counts", () => {
    const bound = (query: string) => {
      plansOf(opened, query, { after });
      return opened.statements.at(-1)?.bindings.slice(0, 2);
    };
    expect(bound("createdBefore=2026-11-29")).toEqual([after.createdAtMs, after.instanceId]);
    expect(bound("createdBefore=2026-11-28")).toEqual([DAY, ""]);
  });

  it("[K24.4] what nothing can fit is not asked for", () => {
    expect(plansOf(opened, "q=Status = FAILED AND Status = RUNNING")).toEqual([]);
    expect(plansOf(opened, "createdAfter=2026-11-29&createdBefore=2026-11-28")).toEqual([]);
  });

  it("[K24.5] what the alarm looks for is found by the index of what is marked, the oldest first", () => {
    opened.statements.length = 0;
    opened.store.leaving(NOW, 10);
    opened.store.marks();
    opened.store.expire(NOW, 10);
    const plans = opened.statements.flatMap(({ text, bindings }) => planOf(opened, text, bindings as SqlValue[]));
    const marked = "SEARCH entry USING INDEX marked (status=?";
    expect(plans).toEqual([`${marked} AND asked<?)`, `${marked})`, `${marked})`, `${marked} AND asked<?)`]);
  });
});

describe("[K24] Values", () => {
  it("[K24.6] stand in no statement: hostile ones are values like others", () => {
    const opened = filled();
    const hostile = "x') OR 1=1; DROP TABLE entry; --";
    for (const query of [
      `name=${hostile}`,
      `idPrefix=${hostile}`,
      `parent=${hostile}`,
      `attr.k=${hostile}`,
      `attr.${hostile.replaceAll("'", "")}=1`,
      `q=FailureMessage CONTAINS "${hostile}"`,
      `waitingFor=event:${hostile}*`,
      `version=${hostile}`,
    ]) {
      expect(listed(opened, query.replaceAll(";", "%3B"))).toEqual([]);
    }
    expect(opened.statements.filter(({ text }) => /DROP|1=1/.test(text))).toEqual([]);
    expect(listed(opened)).toEqual(["b", "a"]);
  });

  it("[K24.7] a statement has at most 100 of them, whatever the filter", () => {
    const opened = filled();
    const most = Array.from({ length: 20 }, (_, n) => `attr.k${n} STARTS_WITH 'v${n}x'`).join(" AND ");
    listed(opened, new URLSearchParams({ q: most }).toString());
    const bound = Math.max(...opened.statements.map(({ bindings }) => bindings.length));
    expect(bound).toBeGreaterThan(50);
    expect(bound).toBeLessThanOrEqual(100);
  });
});

describe("[K24] Conditions of newer code", () => {
  it.each<[string, object]>([
    ["a kind", { type: "near" }],
    ["a text field", { type: "text", field: "1); DROP TABLE entry; --", operator: "=", value: "x" }],
    ["a time field", { type: "time", field: "1=1 OR created", operator: "=", ms: 1 }],
    ["an operator", { type: "text", field: "id", operator: "> '' OR id =", value: "x" }],
    ["an operator of attributes", { type: "attribute", key: "k", operator: "~", value: "x" }],
    ["a status", { type: "status", statuses: ["NAPPING"] }],
  ])(
    "[K24.13] with %s that this code does not know are refused, and nothing of them is in a statement",
    (_what, part) => {
      const opened = filled();
      opened.statements.length = 0;
      const filter = { type: "and", parts: [part] } as never;
      for (const read of [() => opened.store.page(page({ filter })), () => opened.store.count({ filter, by: ["day"] })])
        expect(read).toThrow(/^expected a (condition|status) that this shard knows, found /);
      expect(opened.statements.filter(({ text }) => /DROP|1=1|OR id|~|NAPPING/.test(text))).toEqual([]);
    },
  );
});

describe("[K24] Bounded scans", () => {
  const opened = openShard();
  const all = Array.from({ length: 250_000 }, (_, n) =>
    announce(entry(`i${n}`, { createdAtMs: DAY + n, status: "RUNNING", ...(n === 100 && { version: "rare" }) }), 1),
  );
  opened.store.tell(all, NOW);
  const rare = readParameters([["version", "rare"]]).filter;

  it("[K24.8] after 200,000 rows the page ends, and says how far it has looked; from there the next one goes on", () => {
    const first = opened.store.page(page({ filter: rare }));
    expect(first).toEqual({
      entries: [],
      rest: { type: "unseen", after: { createdAtMs: DAY + 50_000, instanceId: "i50000" } },
    });
    if (first.rest.type !== "unseen") throw new Error("nothing left");
    const second = opened.store.page(page({ filter: rare, after: first.rest.after }));
    expect([idsOf(second), second.rest]).toEqual([["i100"], { type: "nothing" }]);
  });

  it("[K24.9] those of the indexes together are 200,000, too", () => {
    const { filter } = readParameters([
      ["status", "RUNNING,FAILED"],
      ["version", "rare"],
    ]);
    const { entries, rest } = opened.store.page(page({ filter }));
    expect([entries, rest]).toEqual([
      [],
      { type: "unseen", after: { createdAtMs: DAY + 150_000, instanceId: "i150000" } },
    ]);
  });

  it("[K24.14] of a filter with 20 attributes, each of which is read from JSON, they are a twentieth", () => {
    const q = Array.from({ length: 20 }, (_, n) => `attr.k${n} = 'x'`).join(" AND ");
    const { filter } = readParameters([["q", q]]);
    const after = { createdAtMs: DAY + 240_000, instanceId: "i240000" };
    expect(opened.store.page(page({ filter }))).toEqual({ entries: [], rest: { type: "unseen", after } });
    expect(opened.store.count({ filter, by: ["day"] })).toEqual({ counts: [], complete: false });
  });

  it("[K24.10] a page that is filled ends its scan with it", () => {
    opened.statements.length = 0;
    const { entries, rest } = opened.store.page(page({ limit: 3 }));
    expect([idsOf({ entries }), rest]).toEqual([
      ["i249999", "i249998", "i249997"],
      { type: "more", after: { createdAtMs: DAY + 249_997, instanceId: "i249997" } },
    ]);
    expect(opened.statements).toHaveLength(2);
  });

  it("[K24.11] counts that memory does not have are those of the newest 200,000 rows, and say so", () => {
    expect(opened.store.count({ filter: rare, by: ["version"] })).toEqual({ counts: [], complete: false });
    const { filter } = readParameters([["createdBefore", new Date(DAY + 1_000).toISOString()]]);
    expect(opened.store.count({ filter, by: ["version", "day"] })).toEqual({
      counts: [
        { day: "2026-11-28", count: 999 },
        { version: "rare", day: "2026-11-28", count: 1 },
      ],
      complete: true,
    });
  });
});

describe("[K24] Order", () => {
  it("[K24.12] pages of any length, in both orders, are the rows in the order of creation and ID, by code point", () => {
    const random = new Random(24);
    const opened = openShard();
    const letters = ["a", "b", "\uffff", "😀", "é"];
    const made = new Map<string, ReturnType<typeof entry>>();
    for (let n = 0; n < 500; n++) {
      const id = Array.from({ length: random.between(1, 3) }, () => random.of(letters)).join("");
      const one = entry(id, {
        createdAtMs: DAY + random.below(20),
        status: random.of(["RUNNING", "COMPLETED", "FAILED"]),
      });
      made.set(`${one.createdAtMs} ${id}`, one);
    }
    opened.store.tell(
      [...made.values()].map((one) => announce(one, 1)),
      NOW,
    );
    const codes = (text: string) =>
      Array.from(text, (letter) => (letter.codePointAt(0) ?? 0).toString(16).padStart(6, "0"));
    for (const query of ["", "status=RUNNING", "status=RUNNING,FAILED"]) {
      const { filter } = readParameters(new URLSearchParams(query));
      const ascending = [...made.values()]
        .filter(({ status }) => query === "" || query.includes(status))
        .map(({ createdAtMs, instanceId }) => ({ createdAtMs, instanceId, key: `${createdAtMs} ${codes(instanceId)}` }))
        .sort((a, b) => (a.key < b.key ? -1 : 1))
        .map(({ createdAtMs, instanceId }) => `${createdAtMs} ${instanceId}`);
      for (const order of ["desc", "asc"] as const) {
        const found: string[] = [];
        let after: { createdAtMs: number; instanceId: string } | undefined;
        do {
          const { entries, rest } = opened.store.page(page({ filter, order, after, limit: random.between(1, 50) }));
          found.push(...entries.map(({ createdAtMs, instanceId }) => `${createdAtMs} ${instanceId}`));
          after = rest.type === "nothing" ? undefined : rest.after;
        } while (after !== undefined);
        expect(found).toEqual(order === "asc" ? ascending : ascending.toReversed());
      }
    }
  });
});
