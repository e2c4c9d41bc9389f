/**
 * npm run bench:catalog: what pages and counts of one shard of the catalog cost, in CPU of this process, with 100,000 rows and with
 * 1,000,000 (or as many as are named: `npm run bench:catalog -- 100000`). SQLite is that of Node, in memory: what is
 * measured is the work, not the disk. 99 % of the instances are completed, 0.9 % have failed, 0.1 % run.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { readParameters } from "../../src/catalog/query/parameters.ts";
import type { Telling } from "../../src/catalog/store/apply.ts";
import { ShardStore } from "../../src/catalog/store/shard-store.ts";
import type { CatalogEntry } from "../../src/model/catalog-entry.ts";
import type { SqlDatabase, SqlValue } from "../../src/storage/sql-database.ts";

/** A filtered page of 100,000 rows has to stay below this. */
const LIMIT_MS = 100;
const RUNS = 5;
const CREATED = Date.UTC(2026, 10, 1);
const BATCH = 10_000;

const PAGES = [
  "",
  "status=RUNNING",
  "status=FAILED",
  "status=FAILED,RUNNING,TERMINATED",
  "status=COMPLETED",
  "name=workflow-7",
  "name=none",
  "attr.customer=c995",
  "attr.customer=none",
  "q=FailureMessage CONTAINS 'none'",
  "q=attr.total > 1e9 AND attr.tags = 'none' OR Version = '9'",
  "idPrefix=none",
  "createdAfter=2026-11-01&createdBefore=2026-11-02&name=none",
];
const COUNTS = ["countBy=status,name", "countBy=status&attr.customer=none", "countBy=day,errorType"];

function database(): SqlDatabase {
  const db = new DatabaseSync(":memory:");
  const prepared = new Map<string, StatementSync>();
  const statement = (text: string) => {
    const known = prepared.get(text) ?? db.prepare(text);
    prepared.set(text, known);
    return known;
  };
  return {
    query: <Row extends Record<string, SqlValue>>(text: string, ...bindings: SqlValue[]) =>
      statement(text).all(...bindings) as Row[],
    run: (text, ...bindings) => {
      if (text.includes("CREATE TABLE")) db.exec(text);
      else statement(text).run(...bindings);
    },
    transaction: (change) => {
      db.exec("BEGIN");
      const result = change();
      db.exec("COMMIT");
      return result;
    },
  };
}

function entryOf(n: number): CatalogEntry {
  const status = n % 1_000 === 0 ? "RUNNING" : n % 111 === 0 ? "FAILED" : "COMPLETED";
  const createdAtMs = CREATED + n * 100;
  return {
    instanceId: `order-${(n * 7_919) % 1_000_003}-${n}`,
    createdAtMs,
    workflowName: `workflow-${n % 100}`,
    status,
    updatedAtMs: createdAtMs + 50,
    ...(status !== "RUNNING" && { endedAtMs: createdAtMs + 50 }),
    ...(status === "FAILED" && { failure: { errorType: "TypeError", message: `no pens for order ${n}` } }),
    ...(n % 2 === 0 && { searchAttributes: { customer: `c${n % 1_000}`, total: n / 100, tags: ["red", "blue"] } }),
  };
}

function filled(rows: number): { store: ShardStore; db: SqlDatabase } {
  const db = database();
  const store = new ShardStore(db, "0-0", "bench");
  store.open();
  const begin = process.cpuUsage();
  for (let from = 0; from < rows; from += BATCH) {
    const tellings: Telling[] = [];
    for (let n = from; n < Math.min(rows, from + BATCH); n++)
      tellings.push({ type: "announce", announcement: { entry: entryOf(n), seq: 1 } });
    store.tell(tellings, CREATED);
  }
  const microseconds = cpuMs(begin) * 1_000;
  const [size] = db.query<{ bytes: number }>(
    "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size",
  );
  const each = `${(microseconds / rows).toFixed(1)} us of CPU and ${Math.round((size?.bytes ?? 0) / rows)} bytes each`;
  console.log(`\n${rows.toLocaleString("en-US")} rows, ${each}`);
  return { store, db };
}

function cpuMs(begin: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1_000;
}

/** The median. */
function measure(run: () => string): { ms: number; found: string } {
  let found = "";
  const times = Array.from({ length: RUNS }, () => {
    const begin = process.cpuUsage();
    found = run();
    return cpuMs(begin);
  });
  return { ms: times.sort((a, b) => a - b)[Math.floor(RUNS / 2)] ?? 0, found };
}

function tell(what: string, { ms, found }: { ms: number; found: string }): void {
  console.log(`  ${(what || "the newest").padEnd(62)} ${ms.toFixed(1).padStart(7)} ms  ${found}`);
}

const sizes = process.argv.slice(2).map(Number);
for (const rows of sizes.length > 0 ? sizes : [100_000, 1_000_000]) {
  const { store } = filled(rows);
  for (const parameters of PAGES) {
    const { filter } = readParameters(new URLSearchParams(parameters));
    const measured = measure(() => {
      const { entries, rest } = store.page({ filter, order: "desc", limit: 100 });
      return `${entries.length} rows, then ${rest.type}`;
    });
    tell(parameters, measured);
    if (measured.ms <= LIMIT_MS) continue;
    console.error(`  more than ${LIMIT_MS} ms of CPU`);
    process.exitCode = 1;
  }
  for (const parameters of COUNTS) {
    const query = readParameters(new URLSearchParams(parameters));
    if (query.type !== "count") throw new Error(`${parameters} is no count`);
    const measured = measure(() => {
      const { counts, complete } = store.count(query);
      return `${counts.length} counts, ${complete ? "complete" : "of the newest 200,000"}`;
    });
    tell(parameters, measured);
  }
}
