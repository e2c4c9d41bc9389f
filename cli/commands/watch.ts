import type { Command } from "commander";
import { type CalledWithServer, type Format, output, talks, wholeNumber } from "../command.ts";
import { EXIT, type ExitCode, usage } from "../errors.ts";
import { HistoryRows } from "../history-rows.ts";
import { instanceId, pagesOf, tellOfMissing, type WireRow } from "../listing.ts";
import { Reconnecting } from "../reconnecting.ts";
import type { Query, Server } from "../server.ts";
import { info, note, paintStatus, terminalWidth, writeJsonLine, writeLine } from "../terminal/output.ts";
import { type Column, Table } from "../terminal/table.ts";
import { secondsOf } from "../times.ts";
import { watch } from "../watching.ts";
import { SHORT } from "./history.ts";
import { type FilterFlags, filterOf, filters } from "./list.ts";

/*
 * `watch ID`: the events of an instance as they happen, until it ends. `watch`: what changes in a list, until Ctrl-C.
 */

interface Flags extends FilterFlags {
  readonly output: Format;
  readonly limit: number;
  readonly interval: number;
}

export function addWatch(program: Command): void {
  const command = program
    .command("watch")
    .summary("see live what an instance, or what all of a list do")
    .description(
      "With an ID: the events of the instance as they happen, until it has ended. Without: the newest instances, and what changes among those that fit, until Ctrl-C.",
    )
    .argument("[id]", "its ID, or `latest`");
  filters(command)
    .option("--limit <n>", "of a list: begin with the newest n", wholeNumber("--limit", 0), 10)
    .option("--interval <seconds>", "of a list: ask so often", wholeNumber("--interval", 1), 2);
  talks<Flags>(output(command, ["short", "jsonl"]), async ({ operands, options, server }) => {
    const [operand] = operands;
    if (operand === undefined) return watchList({ operands, options, server });
    if (options.query ?? options.filterName ?? options.filterStatus ?? options.filterMaxAge)
      throw usage("filters are for a list, and an ID is one instance: found both");
    return watchOne(server, await instanceId(server, operand), options.output);
  });
}

async function watchOne(server: Server, id: string, format: Format): Promise<ExitCode> {
  const rows = new HistoryRows({ namespace: server.settings.component, appID: "" }, Date.now());
  const table = new Table(SHORT, terminalWidth());
  for await (const told of watch(server, id)) {
    if (format === "jsonl") await writeJsonLine(told);
    else if (told.type === "history") for (const line of table.add([rows.add(told.event)])) await writeLine(line);
    else if (told.type === "execution") note(`Execution ${told.executionId}, generation ${told.generation}`);
    else if (told.type === "end") await info(`Workflow '${id}' ended: ${told.runtimeStatus}`);
    else await info(`Workflow '${id}' is gone: it was purged`);
  }
  return EXIT.done;
}

type Change = WireRow | { readonly instanceID: string; readonly deleted: true };

interface Changes {
  readonly workflows: readonly Change[];
  readonly since: string;
  readonly resync?: true;
  readonly missingShards?: number;
}

/** The token is asked for before the list is read: what changes between the two comes twice, and is not missed. */
async function watchList({ options, server }: CalledWithServer<Flags>): Promise<ExitCode> {
  const filter = filterOf(options);
  if (filter === undefined) throw usage("no instance rests in CONTINUED_AS_NEW, so there is nothing to watch");
  const table = new Table(COLUMNS, terminalWidth());
  const tell = async (change: Change) => {
    if (options.output === "jsonl") await writeJsonLine(change);
    else for (const line of table.add([change])) await writeLine(line);
  };
  let { since } = await changes(server, filter, "");
  await tellNewest(server, filter, options.limit, tell);
  const reconnecting = new Reconnecting();
  let missing = 0;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, options.interval * 1_000));
    const next = await changes(server, filter, since).catch((error) => reconnecting.after(error));
    if (next === undefined) continue;
    reconnecting.reached();
    // Said once, for as long as it is so.
    if (next.missingShards !== missing) tellOfMissing(next.missingShards);
    missing = next.missingShards ?? 0;
    if (next.resync === true) {
      note("Some changes are not known any more. The newest instances again:");
      await tellNewest(server, filter, options.limit, tell);
    }
    for (const change of next.workflows) await tell(change);
    since = next.since;
  }
}

function changes(server: Server, filter: Query, since: string): Promise<Changes> {
  return server.get("workflows", [], { ...filter, since });
}

async function tellNewest(
  server: Server,
  filter: Query,
  limit: number,
  tell: (row: WireRow) => Promise<void>,
): Promise<void> {
  const rows: WireRow[] = [];
  if (limit > 0) for await (const page of pagesOf(server, { filter, order: "desc", limit })) rows.push(...page);
  for (const row of rows.reverse()) await tell(row);
}

const isDeleted = (change: Change): change is Exclude<Change, WireRow> => "deleted" in change;
const of = (value: (row: WireRow) => string) => (change: Change) => (isDeleted(change) ? "" : value(change));

const COLUMNS: readonly Column<Change>[] = [
  { title: "UPDATED", value: of((row) => secondsOf(Date.parse(row.lastUpdatedAt))) },
  {
    title: "STATUS",
    value: (change) => (isDeleted(change) ? "DELETED" : change.runtimeStatus),
    paint: (text, change) => (isDeleted(change) ? text : paintStatus(text, change.runtimeStatus)),
  },
  { title: "ID", value: ({ instanceID }) => instanceID },
  { title: "NAME", value: of((row) => row.workflowName) },
  { title: "CUSTOM STATUS", value: of((row) => row.customStatus ?? ""), isLong: true },
  { title: "WAITS FOR", value: of(waitOf), isLong: true },
];

function waitOf({ waitingFor = "", position }: WireRow): string {
  return position === undefined ? waitingFor : `${waitingFor}, position ${position}`;
}
