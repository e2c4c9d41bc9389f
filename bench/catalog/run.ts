/**
 * npm run bench:catalog: what pages and counts of one shard of the catalog cost, in CPU of this process, with 100,000 rows and with
 * 1,000,000 (or as many as are named: `npm run bench:catalog -- 100000`). SQLite is that of Node, in memory: what is
 * measured is the work, not the disk. 99 % of the instances are completed, 0.9 % have failed, 0.1 % run. Then what whole answers of the
 * HTTP API cost, from the request to the text of its body, with 100,000 instances in four shards.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { readParameters } from "../../src/catalog/query/parameters.ts";
import type { Telling } from "../../src/catalog/store/apply.ts";
import { ShardStore } from "../../src/catalog/store/shard-store.ts";
import { DEFAULT_MAX_BODY_BYTES } from "../../src/http/deps.ts";
import { createHttpHandler } from "../../src/http/handler.ts";
import type { CatalogEntry } from "../../src/model/catalog-entry.ts";
import type { SqlDatabase, SqlValue } from "../../src/storage/sql-database.ts";

/** A filtered page of 100,000 rows has to stay below this. */
const LIMIT_MS = 100;
const RUNS = 5;
const CREATED = Date.UTC(2026, 10, 1);
const BATCH = 10_000;
const SHARDS = 4;
const INSTANCES = 100_000;

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

/** Whole answers, as `GET /v1.0/workflows/{component}` gives them. */
const ANSWERS = [
  "",
  "pageSize=1024",
  "status=FAILED&name=workflow-7",
  "attr.customer=c994",
  "attr.customer=none",
  "q=FailureMessage CONTAINS 'none'",
  "countBy=status,name",
  "countBy=day&name=workflow-7",
];

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

function filled(rows: number, first = 0): { store: ShardStore; db: SqlDatabase } {
  const db = database();
  const store = new ShardStore(db, "0-0", "bench");
  store.open();
  const begin = process.cpuUsage();
  for (let from = 0; from < rows; from += BATCH) {
    const tellings: Telling[] = [];
    for (let n = from; n < Math.min(rows, from + BATCH); n++)
      tellings.push({ type: "announce", announcement: { entry: entryOf(first + n), seq: 1 } });
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

function handlerOf(stores: readonly ShardStore[]): (request: Request) => Promise<Response> {
  const none = () => {
    throw new Error("no instance is asked");
  };
  return createHttpHandler({
    instance: none,
    watch: none,
    catalog: {
      names: stores.map((_, n) => `0-${n}`),
      shard: (name) => {
        const store = stores[Number(name.slice(2))] ?? none();
        return {
          list: async (request) => store.page(request),
          count: async (request) => store.count(request),
          changes: async (request) => store.changes(request),
          health: none,
          announce: none,
        };
      },
      source: none,
      schedule: () => () => undefined,
    },
    registered: () => ({ workflows: [], activities: [] }),
    apiToken: undefined,
    maxBodyBytes: DEFAULT_MAX_BODY_BYTES,
    appId: "bench",
    log: () => undefined,
    newId: () => crypto.randomUUID(),
    now: () => Date.now(),
  });
}

/** The median, of a call that waits for nothing but this process. */
async function measureAnswer(run: () => Promise<string>): Promise<{ ms: number; found: string }> {
  const times: number[] = [];
  let found = "";
  for (let n = 0; n < RUNS; n++) {
    const begin = process.cpuUsage();
    found = await run();
    times.push(cpuMs(begin));
  }
  return { ms: median(times), found };
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
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
  return { ms: median(times), found };
}

function tell(what: string, { ms, found }: { ms: number; found: string }): void {
  console.log(`  ${(what || "the newest").padEnd(62)} ${ms.toFixed(1).padStart(7)} ms  ${found}`);
}

function check({ ms }: { ms: number }): void {
  if (ms <= LIMIT_MS) return;
  console.error(`  more than ${LIMIT_MS} ms of CPU`);
  process.exitCode = 1;
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
    check(measured);
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

const shards = Array.from({ length: SHARDS }, (_, n) => filled(INSTANCES / SHARDS, (n * INSTANCES) / SHARDS).store);
const handle = handlerOf(shards);
console.log(`\n${INSTANCES.toLocaleString("en-US")} instances in ${SHARDS} shards, whole answers`);
for (const parameters of ANSWERS) {
  const measured = await measureAnswer(async () => {
    const response = await handle(new Request(`http://localhost/v1.0/workflows/dapr?${parameters}`));
    const text = await response.text();
    const { workflows = [], counts = [] } = JSON.parse(text);
    return `${response.status}, ${workflows.length || counts.length} rows, ${text.length.toLocaleString("en-US")} bytes`;
  });
  tell(parameters, measured);
  check(measured);
}
