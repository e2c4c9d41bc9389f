import type { Command } from "commander";
import { type CalledWithServer, type Format, output, talks, wholeNumber } from "../command.ts";
import { CliError, EXIT } from "../errors.ts";
import { writeRows } from "../rows.ts";
import { writeJson, writeLine, writeTable, writeYaml } from "../terminal/output.ts";
import type { Column } from "../terminal/table.ts";
import { ageOf } from "../times.ts";

/*
 * `limits`: what the server's code limits across instances, and who waits for it.
 */

interface WireQueue {
  readonly key: string;
  readonly running: number;
  readonly waiting: number;
  readonly oldestWaitingSince: string;
}

interface WireLimit {
  readonly name: string;
  readonly workflow?: string;
  readonly activity?: string;
  readonly concurrency?: number;
  readonly concurrencyPerKey?: number;
  readonly rate?: string;
  readonly parts?: number;
  readonly running: number;
  readonly waiting: number;
  readonly waitingKeys: number;
  readonly waitingByKey: readonly WireQueue[];
  readonly oldestWaitingSince?: string;
  readonly missingParts?: number;
}

interface Flags {
  readonly top: number;
  readonly output: Format;
}

export function addLimits(program: Command): void {
  const command = program
    .command("limits")
    .summary("show the limits across instances, and who waits for them")
    .description(
      "Show the limits across instances: what they allow, how many run and wait. With a name, its queues, too.",
    )
    .argument("[name]", "of one limit")
    .option("--top <n>", "of each limit the n longest queues", wholeNumber("--top", 1, 100), 10);
  talks<Flags>(output(command, ["short", "yaml", "json", "ids", "jsonl"]), showLimits);
}

async function showLimits({ operands: [name], options, server }: CalledWithServer<Flags>): Promise<void> {
  const { limits } = await server.get<{ limits: readonly WireLimit[] }>("workflow-limits", [], { top: options.top });
  const found = name === undefined ? limits : limits.filter((limit) => limit.name === name);
  const [limit] = found;
  if (name !== undefined && limit === undefined) throw new CliError(`there is no limit '${name}'`, EXIT.notFound);
  if (limit === undefined || name === undefined || !["json", "yaml", "short"].includes(options.output))
    return writeRows(server, options.output, found, {
      what: "limit",
      id: (one) => one.name,
      columns: columnsAt(Date.now()),
    });
  if (options.output === "json") return writeJson(limit);
  if (options.output === "yaml") return writeYaml(limit);
  await writeTable(columnsAt(Date.now()), found);
  if (limit.waitingByKey.length === 0) return;
  await writeLine("");
  return writeTable(queueColumnsAt(Date.now()), limit.waitingByKey);
}

function columnsAt(nowMs: number): readonly Column<WireLimit>[] {
  return [
    { title: "NAME", value: ({ name }) => name },
    {
      title: "OF",
      value: ({ workflow, activity }) => `${workflow === undefined ? "activity" : "workflow"} ${workflow ?? activity}`,
    },
    { title: "ALLOWS", value: allowed },
    { title: "RUNNING", value: ({ running, missingParts }) => atLeast(running, missingParts) },
    { title: "WAITING", value: ({ waiting, missingParts }) => atLeast(waiting, missingParts) },
    { title: "KEYS", value: ({ waitingKeys, missingParts }) => atLeast(waitingKeys, missingParts) },
    { title: "OLDEST", value: ({ oldestWaitingSince }) => since(oldestWaitingSince, nowMs) },
  ];
}

function queueColumnsAt(nowMs: number): readonly Column<WireQueue>[] {
  return [
    { title: "KEY", value: ({ key }) => JSON.stringify(key), isLong: true },
    { title: "RUNNING", value: ({ running }) => String(running) },
    { title: "WAITING", value: ({ waiting }) => String(waiting) },
    { title: "OLDEST", value: ({ oldestWaitingSince }) => since(oldestWaitingSince, nowMs) },
  ];
}

/** Such as `10 at once, 1 of a key, 100/m`. */
function allowed({ concurrency, concurrencyPerKey, rate, parts }: WireLimit): string {
  const texts = [
    concurrency !== undefined && `${concurrency} at once`,
    concurrencyPerKey !== undefined && `${concurrencyPerKey} of a key`,
    rate,
    parts !== undefined && `in ${parts} parts`,
  ];
  return texts.filter((text) => typeof text === "string").join(", ");
}

/** Of parts that have not answered nothing is known. */
function atLeast(count: number, missingParts: number | undefined): string {
  return missingParts === undefined ? String(count) : `${count}+`;
}

function since(time: string | undefined, nowMs: number): string {
  return time === undefined ? "-" : ageOf(nowMs - Date.parse(time));
}
