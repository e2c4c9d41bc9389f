import type { Command } from "commander";
import { type CalledWithServer, database, type Format, output, talks, wholeNumber } from "../command.ts";
import { usage } from "../errors.ts";
import { pagesOf, queryText, tellOfNone, type WireRow } from "../listing.ts";
import type { Query, Server } from "../server.ts";
import { paintStatus, terminalWidth, write, writeJsonLine, writeLine, yamlOf } from "../terminal/output.ts";
import { type Column, Table } from "../terminal/table.ts";
import { oneLine, safeJson } from "../terminal/text.ts";
import { ageOf, momentOf, secondsOf } from "../times.ts";

/*
 * `list`: Dapr's filters, columns and keys, the oldest first, what waits for its start last; and queries, limits, JSON lines.
 */

/** Dapr's, in its order, and the one that it does not have. */
export const STATUSES = [
  "RUNNING",
  "COMPLETED",
  "CONTINUED_AS_NEW",
  "FAILED",
  "CANCELED",
  "TERMINATED",
  "PENDING",
  "SUSPENDED",
  "STALLED",
];

export interface FilterFlags {
  readonly filterName?: string;
  readonly filterStatus?: string;
  readonly filterMaxAge?: string;
  readonly query?: string;
}

interface Flags extends FilterFlags {
  readonly output: Format;
  readonly order: "asc" | "desc";
  readonly limit?: number;
}

export function addList(program: Command): void {
  const command = program
    .command("list")
    .alias("ls")
    .summary("list workflow instances, the oldest first")
    .description("List workflow instances, the oldest first. Those that wait for their scheduled start come last.");
  filters(command)
    .option("--order <order>", "asc: the oldest first, or desc: the newest first", orderOf, "asc")
    .option("--limit <n>", "at most so many (default: all)", wholeNumber("--limit", 1));
  talks<Flags>(output(database(command), ["short", "wide", "yaml", "json", "ids", "jsonl"]), list);
}

export function filters(command: Command): Command {
  return command
    .option(
      "-w, --filter-name <name>",
      "Filter only the workflows with the given name; `order*` is each that begins so",
    )
    .option(
      "-s, --filter-status <status>",
      `Filter only the workflows with the given runtime status. One of ${STATUSES.join(", ")}; or several, separated by commas`,
    )
    .option(
      "-m, --filter-max-age <age>",
      "Filter only the workflows started within the given duration or timestamp. Examples: 300ms, 1.5h or 2h45m, 2023-01-02T15:04:05 or 2023-01-02",
    )
    .option("-q, --query <query>", "Filter by a query, such as \"Status = FAILED AND attr.customer = 'c995'\"");
}

function orderOf(value: string): string {
  if (value === "asc" || value === "desc") return value;
  throw usage(`invalid value for --order. Supported values are asc, desc`);
}

/** As parameters of the list; `undefined` where none can fit. */
export function filterOf({ filterName, filterStatus, filterMaxAge, query }: FilterFlags): Query | undefined {
  const statuses = filterStatus?.split(",").map((status) => status.trim());
  if (statuses?.some((status) => !STATUSES.includes(status)))
    throw usage(`invalid value for --filter-status. Supported values are ${STATUSES.join(", ")}`);
  // An instance that continues as new is RUNNING all the time.
  const status = statuses?.filter((one) => one !== "CONTINUED_AS_NEW");
  if (status?.length === 0) return undefined;
  return {
    name: filterName,
    status: status?.join(","),
    createdAfter:
      filterMaxAge === undefined ? undefined : momentOf("--filter-max-age", filterMaxAge, "past").toISOString(),
    q: query === undefined ? undefined : queryText(query),
  };
}

async function list({ options, server }: CalledWithServer<Flags>): Promise<void> {
  const filter = filterOf(options);
  const { order, limit } = options;
  const writer = await writerOf(options.output, server);
  // The last page waits for those that come behind it, so that a list of one page is one table.
  let last: readonly WireRow[] = [];
  const scheduled: WireRow[] = [];
  let found = 0;
  if (filter !== undefined)
    for await (const page of pagesOf(server, { filter, order, limit })) {
      found += page.length;
      await writer.add(last);
      last = order === "asc" ? page.filter((row) => !isScheduled(row)) : page;
      if (order === "asc") scheduled.push(...page.filter(isScheduled));
    }
  await writer.add([...last, ...scheduled]);
  await writer.end();
  if (found === 0) await tellOfNone(server, "workflow");
}

interface Writer {
  add(rows: readonly WireRow[]): Promise<void>;
  end(): Promise<void>;
}

async function writerOf(format: Format, server: Server): Promise<Writer> {
  const nowMs = Date.now();
  const { component } = server.settings;
  const nothing = async () => {};
  switch (format) {
    case "short":
      return tableOf(SHORT(nowMs));
    case "ids":
      return { add: async (rows) => writeEach(rows, ({ instanceID }) => oneLine(instanceID)), end: nothing };
    default: {
      const appId = await server.appId();
      const entry = (row: WireRow) => entryOf(row, { namespace: component, appID: appId, nowMs });
      if (format === "wide") return tableOf(WIDE(entry));
      if (format === "json") return jsonArray(entry);
      if (format === "jsonl")
        return {
          add: async (rows) => {
            for (const row of rows) await writeJsonLine(entry(row));
          },
          end: nothing,
        };
      return yamlList(entry);
    }
  }
}

async function writeEach(rows: readonly WireRow[], line: (row: WireRow) => string): Promise<void> {
  for (const row of rows) await writeLine(line(row));
}

function tableOf(columns: readonly Column<WireRow>[]): Writer {
  const table = new Table(columns, terminalWidth());
  return {
    add: async (rows) => {
      if (rows.length > 0) for (const line of table.add(rows)) await writeLine(line);
    },
    end: async () => {},
  };
}

/** As one array, whatever number there is: each is written when its page comes. */
function jsonArray(entry: (row: WireRow) => object): Writer {
  let isFirst = true;
  return {
    async add(rows) {
      for (const row of rows) {
        const json = JSON.stringify(entry(row), undefined, 2).replaceAll("\n", "\n  ");
        await write(`${isFirst ? "[\n" : ",\n"}  ${safeJson(json)}`);
        isFirst = false;
      }
    },
    end: () => write(isFirst ? "[]\n" : "\n]\n"),
  };
}

function yamlList(entry: (row: WireRow) => object): Writer {
  let isEmpty = true;
  return {
    async add(rows) {
      for (const row of rows) await write(yamlOf([entry(row)]));
      isEmpty &&= rows.length === 0;
    },
    end: () => (isEmpty ? write("[]\n") : Promise.resolve()),
  };
}

const isScheduled = ({ runtimeStatus }: WireRow) => runtimeStatus === "PENDING";

function ageIn(row: WireRow, nowMs: number): string {
  return isScheduled(row) ? "<scheduled>" : ageOf(nowMs - Date.parse(row.createdAt));
}

/** Dapr's keys, those of `wide` and the age. */
export interface Entry {
  readonly namespace: string;
  readonly appID: string;
  readonly name: string;
  readonly instanceID: string;
  readonly created: string;
  readonly lastUpdate: string;
  readonly runtimeStatus: string;
  readonly customStatus: string;
  readonly failureMessage: string;
  readonly age: string;
}

function entryOf(row: WireRow, { nowMs, ...at }: { namespace: string; appID: string; nowMs: number }): Entry {
  return {
    ...at,
    name: row.workflowName,
    instanceID: row.instanceID,
    created: secondsOf(Date.parse(row.createdAt)),
    lastUpdate: secondsOf(Date.parse(row.lastUpdatedAt)),
    runtimeStatus: row.runtimeStatus,
    customStatus: row.customStatus ?? "",
    failureMessage: (row.failure?.message ?? row.failure?.errorType ?? "").replace(/[\r\n]/g, ""),
    age: ageIn(row, nowMs),
  };
}

const status: Column<WireRow> = {
  title: "STATUS",
  value: (row) => row.runtimeStatus,
  paint: (text, row) => paintStatus(text, row.runtimeStatus),
};

const SHORT = (nowMs: number): Column<WireRow>[] => [
  { title: "NAME", value: (row) => row.workflowName },
  { title: "ID", value: (row) => row.instanceID },
  status,
  { title: "CUSTOM STATUS", value: (row) => row.customStatus ?? "", isLong: true },
  { title: "AGE", value: (row) => ageIn(row, nowMs) },
];

const WIDE = (entry: (row: WireRow) => Entry): Column<WireRow>[] => [
  { title: "NAMESPACE", value: (row) => entry(row).namespace },
  { title: "APP ID", value: (row) => entry(row).appID },
  { title: "Name", value: (row) => row.workflowName },
  { title: "INSTANCE ID", value: (row) => row.instanceID },
  { title: "CREATED", value: (row) => entry(row).created },
  { title: "LAST UPDATE", value: (row) => entry(row).lastUpdate },
  status,
  { title: "CUSTOM STATUS", value: (row) => row.customStatus ?? "", isLong: true },
  { title: "FAILURE MESSAGE", value: (row) => entry(row).failureMessage, isLong: true },
];
