import type { Command } from "commander";
import type { HistoryEvent } from "../../src/model/history-event.ts";
import { type CalledWithServer, type Format, operandOf, output, talks } from "../command.ts";
import { usage } from "../errors.ts";
import { type HistoryRow, HistoryRows } from "../history-rows.ts";
import { linesOf } from "../lines.ts";
import { instanceId } from "../listing.ts";
import {
  nothingFound,
  paintStatus,
  terminalWidth,
  write,
  writeJson,
  writeJsonLine,
  writeLine,
  yamlOf,
} from "../terminal/output.ts";
import { type Column, Table } from "../terminal/table.ts";

/*
 * `history`: the events of an instance as `dapr workflow history` has them, however many there are.
 */

interface Flags {
  readonly output: Format;
  readonly order: string;
  readonly types?: string;
  readonly contains?: string;
}

export function addHistory(program: Command): void {
  const command = program
    .command("history")
    .summary("get the history of a workflow instance")
    .description("Get the history of a workflow instance. `export` writes it for `replay`.")
    .argument("<id>", "its ID, or `latest`")
    .option("--types <list>", "only events of these types, separated by commas, such as TaskFailed")
    .option("--contains <text>", "only events with this text in them")
    .option("--order <order>", "asc: the first event first, or desc: the last", orderOf, "asc");
  talks<Flags>(output(command, ["short", "wide", "yaml", "json", "jsonl"]), history);
}

function orderOf(value: string): string {
  if (value === "asc" || value === "desc") return value;
  throw usage("invalid value for --order. Supported values are asc, desc");
}

async function history({ operands, options, server }: CalledWithServer<Flags>): Promise<void> {
  const id = await instanceId(server, operandOf(operands));
  const { output: format, order, types, contains } = options;
  const namespace = server.settings.component;
  const rows = new HistoryRows({ namespace, appID: format === "short" ? "" : await server.appId() }, Date.now());
  const stream = await server.stream("workflows", [id, "history"], { format: "jsonl", order, types, contains });
  const all: HistoryRow[] = [];
  let isHeader = true;
  for await (const line of linesOf(stream)) {
    if (!isHeader) all.push(rows.add(JSON.parse(line) as HistoryEvent));
    isHeader = false;
  }
  switch (format) {
    case "json":
      return writeJson(all);
    case "yaml":
      return write(yamlOf(all));
    case "jsonl":
      for (const row of all) await writeJsonLine(row);
      return;
    default:
      if (all.length === 0) return nothingFound(`No such event found in the history of '${id}'`);
      for (const line of new Table(format === "wide" ? WIDE : SHORT, terminalWidth()).add(all)) await writeLine(line);
  }
}

const STATUS: Column<HistoryRow> = {
  title: "STATUS",
  value: ({ status }) => status,
  paint: (text, { status }) => (status === "RUNNING" ? text : paintStatus(text, status)),
};

/** Those of a row in a short table, too when it comes alone. */
export const SHORT: readonly Column<HistoryRow>[] = [
  { title: "TYPE", value: ({ type }) => type },
  { title: "NAME", value: ({ name }) => name ?? "-" },
  { title: "EVENTID", value: ({ eventId }) => (eventId === undefined ? "-" : String(eventId)) },
  { title: "ELAPSED", value: ({ elapsed }) => elapsed || "-" },
  STATUS,
  { title: "DETAILS", value: ({ details }) => details ?? "-", isLong: true },
];

const WIDE: readonly Column<HistoryRow>[] = [
  { title: "PLAY", value: ({ play }) => String(play) },
  { title: "TYPE", value: ({ type }) => type },
  { title: "NAME", value: ({ name }) => name ?? "-" },
  { title: "EVENTID", value: ({ eventId }) => (eventId === undefined ? "-" : String(eventId)) },
  { title: "TIMESTAMP", value: ({ timestamp }) => timestamp },
  { title: "ELAPSED", value: ({ elapsed }) => elapsed || "-" },
  STATUS,
  { title: "DETAILS", value: ({ details }) => details ?? "-", isLong: true },
  { title: "ROUTER", value: ({ router }) => router ?? "-" },
  { title: "EXECUTION_ID", value: ({ executionId }) => executionId ?? "-", isLong: true },
  { title: "ATTRS", value: ({ attrs }) => attrs ?? "-", isLong: true },
];
