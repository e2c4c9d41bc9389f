import type { Command } from "commander";
import {
  type CalledWithServer,
  type Format,
  jsonOrText,
  operandOf,
  output,
  pairs,
  talks,
  wholeNumber,
} from "../command.ts";
import { CliError, EXIT, type ExitCode, usage } from "../errors.ts";
import { writeRows } from "../rows.ts";
import type { Server } from "../server.ts";
import { canAsk, isConfirmed } from "../terminal/ask.ts";
import { info, paintStatus, writeJson, writeLine, writeYaml } from "../terminal/output.ts";
import type { Column } from "../terminal/table.ts";
import { oneLine } from "../terminal/text.ts";
import { momentOf } from "../times.ts";

/*
 * `schedule`: instances that start by themselves. What the texts of a schedule mean is the server's to say.
 */

interface WireFire {
  readonly instanceID: string;
  readonly kind: string;
  readonly nominalTime: string;
  readonly actualTime?: string;
  readonly outcome: string;
  readonly message?: string;
}

interface WireSchedule {
  readonly id: string;
  readonly workflowName: string;
  readonly cron?: string | readonly string[];
  readonly interval?: string;
  readonly offset?: string;
  readonly at?: string;
  readonly timeZone: string;
  readonly overlap: string;
  readonly catchUpWindow: string;
  readonly jitter: string;
  readonly input?: unknown;
  readonly remainingActions?: number;
  readonly source: string;
  readonly paused: boolean;
  readonly pause?: { readonly reason?: string; readonly by?: string; readonly at: string };
  readonly problem?: string;
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
  readonly nextTimes: readonly string[];
  readonly running: readonly string[];
  readonly fires: readonly WireFire[];
}

interface Page {
  readonly schedules: readonly WireSchedule[];
  readonly continuationToken?: string;
}

interface ReasonFlags {
  readonly reason?: string;
}

export function addSchedule(program: Command): void {
  const group = program
    .command("schedule")
    .summary("start instances by a timetable")
    .description("Start instances by a timetable: cron, an interval, or once.");
  addReading(group);
  addWriting(group);
  addDoing(group);
  addTimes(group);
}

function addReading(group: Command): void {
  const list = group
    .command("list")
    .alias("ls")
    .description("List schedules, in the order of their IDs.")
    .option("--limit <n>", "at most so many (default: all)", wholeNumber("--limit", 1));
  talks<{ limit?: number; output: Format }>(output(list, ["short", "yaml", "json", "ids", "jsonl"]), listSchedules);
  const get = group
    .command("get")
    .alias("describe")
    .description("Show a schedule: when it comes next, and what became of its last times.")
    .argument("<id>", "its ID");
  talks<{ output: Format }>(output(get, ["short", "yaml", "json"]), async ({ operands, options, server }) => {
    await show(await server.get<WireSchedule>("workflow-schedules", [operandOf(operands)]), options.output);
  });
}

async function listSchedules({ options, server }: CalledWithServer<{ limit?: number; output: Format }>): Promise<void> {
  const schedules: WireSchedule[] = [];
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  let continuationToken: string | undefined;
  do {
    const pageSize = Math.min(PAGE_SIZE, limit - schedules.length);
    const page: Page = await server.get("workflow-schedules", [], { pageSize, continuationToken });
    schedules.push(...page.schedules);
    continuationToken = page.continuationToken;
  } while (continuationToken !== undefined && schedules.length < limit);
  await writeRows(server, options.output, schedules, { what: "schedule", id: ({ id }) => id, columns: COLUMNS });
}

const PAGE_SIZE = 40;
/** Of what is asked about, so many are shown. */
const SAMPLES = 5;

const COLUMNS: readonly Column<WireSchedule>[] = [
  { title: "ID", value: ({ id }) => id },
  { title: "WORKFLOW", value: ({ workflowName }) => workflowName },
  { title: "WHEN", value: whenOf, isLong: true },
  { title: "TIME ZONE", value: ({ timeZone }) => timeZone },
  {
    title: "STATUS",
    value: statusOf,
    paint: (text, schedule) => paintStatus(text, schedule.paused ? "SUSPENDED" : "RUNNING"),
  },
  { title: "NEXT", value: ({ nextTimes: [next = "-"] }) => next },
  { title: "LAST", value: ({ fires: [last] }) => (last === undefined ? "-" : `${last.nominalTime} ${last.outcome}`) },
];

function whenOf({ cron, interval, offset, at }: WireSchedule): string {
  if (cron !== undefined) return [cron].flat().join("; ");
  if (interval !== undefined) return `every ${interval}${offset === undefined ? "" : ` + ${offset}`}`;
  return at ?? "-";
}

function statusOf({ paused, problem }: WireSchedule): string {
  return paused ? "PAUSED" : problem === undefined ? "ACTIVE" : "BROKEN";
}

async function show(found: WireSchedule, format: Format): Promise<void> {
  if (format === "json") return writeJson(found);
  if (format === "yaml") return writeYaml(found);
  const { pause, remainingActions } = found;
  const lines: readonly (readonly [string, string | undefined])[] = [
    ["ID", found.id],
    ["Workflow", found.workflowName],
    ["When", `${whenOf(found)} (${found.timeZone})`],
    ["Status", statusOf(found)],
    ["Paused", pause && [pause.at, pause.by, pause.reason].filter((text) => text !== undefined).join(", ")],
    ["Problem", found.problem],
    ["Overlap", found.overlap],
    ["Catch-up", found.catchUpWindow],
    ["Jitter", found.jitter],
    ["Remaining", remainingActions === undefined ? undefined : String(remainingActions)],
    ["Input", found.input === undefined ? undefined : JSON.stringify(found.input)],
    ["Source", found.source],
    ...found.running.map((id) => ["Running", id] as const),
    ...found.nextTimes.map((time) => ["Next", time] as const),
    ...found.fires.map(
      ({ nominalTime, outcome, instanceID, message }) =>
        ["Last", `${nominalTime}  ${outcome}  ${instanceID}${message === undefined ? "" : `  ${message}`}`] as const,
    ),
  ];
  for (const [name, value] of lines)
    if (value !== undefined) await writeLine(`${`${name}:`.padEnd(11)}${oneLine(value)}`);
}

/** Flags that are fields of a schedule, by the names of their options. */
const FIELDS = [
  ["cron", "--cron <expression>", "when, as cron writes it; may be given several times"],
  ["interval", "--interval <duration>", "every so often, such as 6h"],
  ["offset", "--offset <duration>", "with --interval: so much later"],
  ["anchor", "--anchor <time>", "with --interval: counted from this time"],
  ["at", "--at <time>", "once, at this time"],
  ["timeZone", "--time-zone <zone>", "of --cron, such as Europe/Berlin (default UTC)"],
  [
    "overlap",
    "--overlap <policy>",
    "while one runs: skip, bufferOne, bufferAll, cancelOther, terminateOther or allowAll",
  ],
  ["catchUpWindow", "--catch-up-window <duration>", "how late a time may be started"],
  ["jitter", "--jitter <duration>", "up to so much later, by chance"],
  ["startAt", "--start-at <time>", "no time before this"],
  ["endAt", "--end-at <time>", "no time after this"],
  ["retention", "--retention <duration>", "how long after their end instances are kept"],
] as const;

type FieldName = (typeof FIELDS)[number][0];

interface WriteFlags extends ReasonFlags, Partial<Record<Exclude<FieldName, "cron">, string>> {
  readonly cron?: readonly string[];
  readonly workflow?: string;
  readonly input?: string;
  readonly attr?: Readonly<Record<string, string>>;
  readonly remainingActions?: number;
  readonly pauseOnFailure?: boolean;
  readonly paused?: true;
  readonly replace?: true;
  readonly clear?: readonly string[];
}

function fields(command: Command): Command {
  for (const [, flag, description] of FIELDS)
    if (flag.startsWith("--cron"))
      command.option(flag, description, (text: string, before: readonly string[] = []) => [...before, text]);
    else command.option(flag, description);
  return command
    .option("-x, --input <json>", "the input of each instance")
    .option("--attr <key=value>", "a search attribute of each instance; may be given several times", pairs("--attr"))
    .option("--remaining-actions <n>", "pass over what comes after n instances", wholeNumber("--remaining-actions", 1))
    .option("--pause-on-failure", "pause it when an instance fails")
    .option("-r, --reason <text>", "why, for the log");
}

function addWriting(group: Command): void {
  const create = group
    .command("create")
    .description("Make a schedule. One of --cron, --interval and --at says when.")
    .argument("<id>", "its ID: 1 to 40 letters, digits, _ and -")
    .requiredOption("-w, --workflow <name>", "the workflow to start")
    .option("--paused", "it begins when it is resumed")
    .option("--replace", "take the place of a schedule that has the ID");
  talks<WriteFlags>(fields(create), async ({ operands, options, server }) => {
    const id = operandOf(operands);
    const body = { workflowName: options.workflow, ...fieldsIn(options), ...(options.paused && { paused: true }) };
    const schedule = options.replace
      ? await server.send<WireSchedule>("PUT", "workflow-schedules", [id], body)
      : await server.post<WireSchedule>("workflow-schedules", [], {}, { id, ...body });
    await info(`Schedule '${id}' created successfully${nextOf(schedule)}`);
  });
  const update = group
    .command("update")
    .description("Change what is named of a schedule, and nothing else.")
    .argument("<id>", "its ID")
    .option("-w, --workflow <name>", "the workflow to start")
    .option(
      "--clear <field>",
      "take a field away, such as jitter; may be given several times",
      (text, before: string[] = []) => [...before, text],
    );
  // Behind its counterpart: else what is not said would be said.
  fields(update).option("--no-pause-on-failure", "do not pause it when an instance fails");
  talks<WriteFlags>(update, async ({ operands, options, server }) => {
    const id = operandOf(operands);
    const cleared = Object.fromEntries((options.clear ?? []).map((name) => [camelCase(name), null]));
    const { workflow } = options;
    const body = { ...cleared, ...(workflow !== undefined && { workflowName: workflow }), ...fieldsIn(options) };
    if (Object.keys(body).filter((name) => name !== "reason").length === 0)
      throw usage("no flag says what is to change");
    const schedule = await server.send<WireSchedule>("PATCH", "workflow-schedules", [id], body);
    await info(`Schedule '${id}' updated successfully${nextOf(schedule)}`);
  });
  const remove = group
    .command("delete")
    .description("Delete a schedule. What it has started goes on.")
    .argument("<id>", "its ID")
    .option("-r, --reason <text>", "why, for the log");
  talks<ReasonFlags>(remove, async ({ operands, options, server }) => {
    const id = operandOf(operands);
    await server.send("DELETE", "workflow-schedules", [id], undefined, { reason: options.reason });
    await info(`Schedule '${id}' deleted successfully`);
  });
}

function fieldsIn(options: WriteFlags): Record<string, unknown> {
  const { cron, input, attr, remainingActions, pauseOnFailure, reason } = options;
  const texts = FIELDS.flatMap(([name]) =>
    name === "cron" || options[name] === undefined ? [] : [[name, options[name]]],
  );
  return {
    ...Object.fromEntries(texts),
    ...(cron !== undefined && { cron: cron.length === 1 ? cron[0] : cron }),
    ...(input !== undefined && { input: jsonOrText(input) }),
    ...(attr !== undefined && { searchAttributes: attributesOf(attr) }),
    ...(remainingActions !== undefined && { remainingActions }),
    ...(pauseOnFailure !== undefined && { pauseOnFailure }),
    ...(reason !== undefined && { reason }),
  };
}

function attributesOf(attr: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attr).map(([key, value]) => [key, jsonOrText(value)]));
}

function camelCase(name: string): string {
  return name.replace(/^--/, "").replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function nextOf({ nextTimes: [next], paused }: WireSchedule): string {
  if (paused) return ", and is paused";
  return next === undefined ? "" : `, next at ${next}`;
}

function addDoing(group: Command): void {
  const trigger = group
    .command("trigger")
    .description("Start an instance now, also while the schedule is paused.")
    .argument("<id>", "its ID")
    .option("-x, --input <json>", "another input than the schedule's")
    .option("--overlap <policy>", "while one runs (default: start it all the same)")
    .option("-r, --reason <text>", "why, for the history");
  talks<ReasonFlags & { input?: string; overlap?: string }>(trigger, async ({ operands, options, server }) => {
    const { input, overlap, reason } = options;
    const body = {
      ...(input !== undefined && { input: jsonOrText(input) }),
      ...(overlap && { overlap }),
      ...(reason && { reason }),
    };
    const id = operandOf(operands);
    const { instanceID, outcome } = await server.post<{ instanceID: string; outcome: string }>(
      "workflow-schedules",
      [id, "trigger"],
      {},
      body,
    );
    await info(`Schedule '${id}' triggered: ${instanceID} (${outcome})`);
  });
  simple(group, "pause", "Pause a schedule: times that come are passed over.", "paused");
  simple(group, "resume", "Resume a schedule that is paused.", "resumed");
}

function simple(group: Command, verb: string, description: string, done: string): void {
  const command = group
    .command(verb)
    .description(description)
    .argument("<id...>", "their IDs")
    .option("-r, --reason <text>", "why, for whoever looks at it");
  talks<ReasonFlags>(command, async ({ operands, options, server }) => {
    for (const id of operands) {
      await server.post("workflow-schedules", [id, verb], { reason: options.reason });
      await info(`Schedule '${id}' ${done} successfully`);
    }
  });
}

interface BackfillFlags extends ReasonFlags {
  readonly from: string;
  readonly to: string;
  readonly overlap?: string;
  readonly dryRun?: true;
  readonly yes?: true;
}

function addTimes(group: Command): void {
  const backfill = group
    .command("backfill")
    .description("Start what was not started in the past: an instance for each time for which there was none.")
    .argument("<id>", "its ID")
    .requiredOption("--from <time>", "from when: a time, or a duration ago")
    .requiredOption("--to <time>", "to when: a time, or a duration ago")
    .option("--overlap <policy>", "while one runs (default allowAll)")
    .option("--dry-run", "say which times they are, and start nothing")
    .option("-y, --yes", "do not ask")
    .option("-r, --reason <text>", "why, for the log");
  talks<BackfillFlags>(backfill, ({ operands, options, server }) => fillIn(server, operandOf(operands), options));
  const preview = group
    .command("preview")
    .description(
      "Show the next times of a schedule; with flags, as they would be with these changes, or of one that there is not.",
    )
    .argument("[id]", "its ID")
    .option("--count <n>", "so many times", wholeNumber("--count", 1, 100), 10);
  talks<WriteFlags & { count: number; output: Format }>(output(fields(preview), ["short", "json"]), showTimes);
}

interface Filled {
  readonly times: readonly string[];
  readonly instanceIDs: readonly string[];
}

/** Counted first: a day of a minute's schedule is more than a thousand instances. */
async function fillIn(server: Server, id: string, options: BackfillFlags): Promise<ExitCode | undefined> {
  const { from, to, overlap, dryRun, yes, reason } = options;
  const time = (flag: string, text: string) => `${momentOf(flag, text, "past").toISOString().slice(0, 19)}Z`;
  const body = {
    from: time("--from", from),
    to: time("--to", to),
    ...(overlap && { overlap }),
    ...(reason && { reason }),
  };
  const ask = (more: object) => server.post<Filled>("workflow-schedules", [id, "backfill"], {}, { ...body, ...more });
  if (dryRun || !yes) {
    const found = await ask({ dryRun: true });
    const many = `${found.times.length} instance(s)`;
    if (dryRun || found.times.length === 0 || canAsk()) await tellOfTimes(found, `${many} would be started`, dryRun);
    if (dryRun || found.times.length === 0) return undefined;
    if (!(await isConfirmed(`Start ${many}?`, "start", `${many} would be started`))) return EXIT.failed;
  }
  const started = await ask({});
  await tellOfTimes(started, `${started.times.length} instance(s) started`, true);
  return undefined;
}

async function tellOfTimes({ times, instanceIDs }: Filled, what: string, all: boolean | undefined): Promise<void> {
  await info(what);
  const shown = all ? times : times.slice(0, SAMPLES);
  for (const [n, time] of shown.entries()) await writeLine(oneLine(`${time}  ${instanceIDs[n] ?? ""}`));
  if (shown.length < times.length) await info(`and ${times.length - shown.length} more`);
}

async function showTimes({
  operands: [id],
  options,
  server,
}: CalledWithServer<WriteFlags & { count: number; output: Format }>): Promise<void> {
  const body = fieldsIn(options);
  const isNamed = Object.keys(body).length > 0;
  if (id === undefined && !isNamed) throw usage("an ID, or flags such as --cron, say which times");
  const unknown = ["input", "remainingActions", "reason"].find((name) => Object.hasOwn(body, name));
  if (unknown !== undefined) throw usage(`${unknown} changes no times`);
  const query = { count: options.count };
  // Any ID will do for a schedule that there is not.
  const preview = isNamed
    ? await server.post<Times>("workflow-schedules", [id ?? "preview", "preview"], query, body)
    : await server.get<Times>("workflow-schedules", [id ?? "", "preview"], query);
  if (options.output === "json") return writeJson(preview);
  if (preview.times.length === 0) throw new CliError("there is no time to come");
  for (const time of preview.times) await writeLine(oneLine(`${time}${localOf(time, preview.timeZone)}`));
}

interface Times {
  readonly timeZone: string;
  readonly times: readonly string[];
}

/** As a clock on the wall has it there. */
function localOf(time: string, timeZone: string): string {
  if (timeZone === "UTC") return "";
  try {
    const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
    return `  ${format.format(new Date(time))} ${timeZone}`;
  } catch {
    return "";
  }
}
