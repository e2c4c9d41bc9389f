import type { Command } from "commander";
import { type CalledWithServer, type Format, operandOf, output, talks } from "../command.ts";
import { instanceId } from "../listing.ts";
import { paintStatus, writeJson, writeJsonLine, writeLine, writeYaml } from "../terminal/output.ts";
import { oneLine } from "../terminal/text.ts";
import { ageOf } from "../times.ts";
import type { WireInstance } from "../waiting.ts";

/*
 * `get`: all that there is to tell of an instance, as lines for people or as the server has it.
 */

interface Flags {
  readonly output: Format;
  readonly payloads: boolean;
}

interface Attempt {
  readonly id: number;
  readonly branch?: string;
  readonly status: "running" | "retrying";
  readonly attempt: number;
  readonly lastFailure?: { readonly errorType: string; readonly message: string };
  readonly nextAttemptAt?: string;
}

interface WaitingLease {
  readonly limit: string;
  readonly key: string;
  readonly activity?: { readonly id: number; readonly name: string };
  readonly position?: number;
  readonly ahead?: number;
}

interface WireDetail extends WireInstance {
  readonly version?: string;
  readonly customStatus?: string;
  readonly searchAttributes?: object;
  readonly retention?: string;
  readonly executionId: string;
  readonly generation: number;
  readonly startTime?: string;
  readonly endedAt?: string;
  readonly parentInstanceID?: string;
  readonly pendingActivities: readonly (Attempt & { readonly name: string })[];
  readonly branches?: readonly { readonly name: string; readonly waitingFor?: string; readonly ending?: boolean }[];
  readonly openTimers: readonly { readonly id: number; readonly branch?: string; readonly fireAt: string }[];
  readonly openChildren: readonly (Attempt & { readonly workflowName: string; readonly instanceID: string })[];
  readonly awaitedEvents?: readonly string[];
  readonly awaitsCondition?: boolean;
  readonly bufferedEvents?: readonly { readonly name: string; readonly count: number }[];
  readonly limits?: readonly WaitingLease[];
  readonly sizes?: Readonly<Record<string, number>>;
  readonly stall?: { readonly reason: string; readonly message: string };
  readonly nextDueAt?: string;
}

export function addGet(program: Command): void {
  const command = program
    .command("get")
    .alias("describe")
    .summary("show all there is to tell of an instance")
    .description("Show an instance: status, payloads, what it waits for, what is tried again and why.")
    .argument("<id>", "its ID, or `latest`")
    .option("--no-payloads", "leave out input and output");
  talks<Flags>(output(command, ["short", "yaml", "json", "jsonl"]), get);
}

async function get({ operands, options, server }: CalledWithServer<Flags>): Promise<void> {
  const id = await instanceId(server, operandOf(operands));
  const query = { detail: "full", ...(!options.payloads && { fetchPayloads: false }) };
  const found = await server.get<WireDetail>("workflows", [id], query);
  if (options.output === "json") return writeJson(found);
  if (options.output === "jsonl") return writeJsonLine(found);
  if (options.output === "yaml") return writeYaml(found);
  const lines = linesOf(found, Date.now()).filter(([, value]) => value !== undefined && value !== "");
  const width = Math.max(...lines.map(([name]) => name.length)) + 2;
  for (const [name, value = ""] of lines) {
    const shown = oneLine(value);
    await writeLine(`${`${name}:`.padEnd(width)}${name === "Status" ? paintStatus(shown, value) : shown}`);
  }
}

type Line = readonly [name: string, value: string | undefined];

/** Exported for tests. */
export function linesOf(found: WireDetail, nowMs: number): Line[] {
  const { properties, failure, searchAttributes, stall, sizes } = found;
  const ago = (time: string) => `${time} (${ageOf(nowMs - Date.parse(time))} ago)`;
  return [
    ["Name", found.workflowName],
    ["ID", found.instanceID],
    ["Status", found.runtimeStatus],
    ["Custom status", found.customStatus],
    ["Version", found.version],
    ["Parent", found.parentInstanceID],
    ["Created", ago(found.createdAt)],
    ["Starts", found.startTime],
    ["Updated", ago(found.lastUpdatedAt)],
    ["Ended", found.endedAt && ago(found.endedAt)],
    ["Execution", `${found.executionId}${found.generation === 0 ? "" : `, generation ${found.generation}`}`],
    [
      "Attributes",
      searchAttributes && Object.keys(searchAttributes).length > 0 ? JSON.stringify(searchAttributes) : "",
    ],
    ["Retention", found.retention],
    ["Input", properties?.["dapr.workflow.input"]],
    ["Output", properties?.["dapr.workflow.output"]],
    ["Failure", failure && `${failure.errorType}: ${failure.message}`],
    ["Stalled", stall && `${stall.reason}: ${stall.message}`],
    ...waitsOf(found),
    ["Due", found.nextDueAt],
    ["History", sizes && `${sizes.historyEvents} events, ${sizes.historyBytes} bytes`],
  ];
}

function waitsOf(found: WireDetail): Line[] {
  const { awaitedEvents = [], bufferedEvents = [] } = found;
  return [
    ...(found.branches ?? []).map(
      ({ name, waitingFor, ending }): Line => [
        "Branch",
        `'${name}'${ending === true ? ", ending" : ""}, waits for ${waitingFor ?? "nothing that can be told"}`,
      ],
    ),
    ...found.pendingActivities.map((one): Line => {
      const isLimited = found.limits?.some(({ activity }) => activity?.id === one.id) === true;
      return [
        "Activity",
        `#${one.id} ${one.name}${inBranch(one)}, ${attemptOf(one, isLimited ? "waits for its limit" : one.status)}`,
      ];
    }),
    ...found.openChildren.map(
      (one): Line => ["Child", `#${one.id} ${one.workflowName} '${one.instanceID}'${inBranch(one)}, ${attemptOf(one)}`],
    ),
    ...found.openTimers.map((one): Line => ["Timer", `#${one.id} at ${one.fireAt}${inBranch(one)}`]),
    ...(found.limits ?? []).map((one): Line => ["Limit", placeOf(one)]),
    ...awaitedEvents.map((name): Line => ["Waits for", `event '${name}'`]),
    ...(found.awaitsCondition === true ? [["Waits for", "a condition"] as const] : []),
    ...bufferedEvents.map(({ name, count }): Line => ["Buffered", `event '${name}' (${count})`]),
  ];
}

function inBranch({ branch }: { readonly branch?: string }): string {
  return branch === undefined ? "" : ` in branch '${branch}'`;
}

/** Such as `cards for #1 charge, position 2 of key "acme", 7 ahead`. */
function placeOf({ limit, key, activity, position, ahead }: WaitingLease): string {
  const what = activity === undefined ? limit : `${limit} for #${activity.id} ${activity.name}`;
  if (position === undefined) return `${what}, position not known`;
  return `${what}, position ${position}${key === "" ? "" : ` of key ${JSON.stringify(key)}`}, ${ahead} ahead`;
}

function attemptOf({ attempt, lastFailure, nextAttemptAt, ...one }: Attempt, status: string = one.status): string {
  const failure = lastFailure && `, last failure ${lastFailure.errorType}: ${lastFailure.message}`;
  return `${status}, attempt ${attempt}${failure ?? ""}${nextAttemptAt === undefined ? "" : `, next at ${nextAttemptAt}`}`;
}
