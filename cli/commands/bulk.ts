import type { Command } from "commander";
import { FAILURES_SHOWN, followJob, progressOf, type WireJob } from "../bulk.ts";
import { type CalledWithServer, type Format, operandOf, output, talks, wholeNumber } from "../command.ts";
import type { ExitCode } from "../errors.ts";
import { tellOfMissing } from "../listing.ts";
import { writeRows } from "../rows.ts";
import { info, paintStatus, writeJson, writeLine, writeYaml } from "../terminal/output.ts";
import type { Column } from "../terminal/table.ts";
import { oneLine } from "../terminal/text.ts";
import { ageOf } from "../times.ts";

/*
 * `bulk`: the jobs that actions with --query have begun.
 */

interface Jobs {
  readonly jobs: readonly WireJob[];
  readonly continuationToken?: string;
  readonly missingShards?: number;
}

const PAGE_SIZE = 40;

export function addBulk(program: Command): void {
  const group = program
    .command("bulk")
    .summary("see and stop bulk jobs")
    .description("See and stop bulk jobs, which actions with --query begin.");
  const list = group
    .command("list")
    .alias("ls")
    .description("List bulk jobs, the newest first.")
    .option("--limit <n>", "at most so many", wholeNumber("--limit", 1), 20);
  talks<{ limit: number; output: Format }>(output(list, ["short", "yaml", "json", "ids", "jsonl"]), listJobs);
  const get = group
    .command("get")
    .description("Show a bulk job: how far it has come, and the first failures.")
    .argument("<job>", "its ID");
  talks<{ output: Format }>(output(get, ["short", "yaml", "json"]), getJob);
  const wait = group
    .command("wait")
    .description("Wait until a bulk job has ended, and show how far it has come. Exit code 1 where something failed.")
    .argument("<job>", "its ID");
  talks(wait, ({ operands, server }): Promise<ExitCode> => followJob(server, operandOf(operands)));
  const cancel = group
    .command("cancel")
    .description("Stop a bulk job: it makes no call more; what is done stays done.")
    .argument("<job>", "its ID")
    .option("-r, --reason <text>", "why, for the history");
  talks<{ reason?: string }>(cancel, async ({ operands, options, server }) => {
    const job = operandOf(operands);
    await server.post("workflow-jobs", [job, "cancel"], { reason: options.reason });
    await info(`Bulk job '${job}' canceled successfully`);
  });
}

async function listJobs({ options, server }: CalledWithServer<{ limit: number; output: Format }>): Promise<void> {
  const jobs: WireJob[] = [];
  let continuationToken: string | undefined;
  do {
    const pageSize = Math.min(PAGE_SIZE, options.limit - jobs.length);
    const page: Jobs = await server.get("workflow-jobs", [], { pageSize, continuationToken });
    tellOfMissing(page.missingShards);
    jobs.push(...page.jobs);
    const isSame = page.continuationToken === continuationToken;
    continuationToken = isSame ? undefined : page.continuationToken;
  } while (continuationToken !== undefined && jobs.length < options.limit);
  const id = ({ jobID }: WireJob) => jobID;
  await writeRows(server, options.output, jobs, { what: "bulk job", id, columns: columns(Date.now()) });
}

const columns = (nowMs: number): Column<WireJob>[] => [
  { title: "JOB", value: ({ jobID }) => jobID },
  { title: "OPERATION", value: ({ operation = "-" }) => operation },
  { title: "STATUS", value: ({ state }) => state, paint: (text, { state }) => paintStatus(text, state) },
  { title: "MATCHED", value: ({ matched = "-" }) => String(matched) },
  { title: "DONE", value: ({ done = "-" }) => String(done) },
  { title: "FAILED", value: ({ failed = "-" }) => String(failed) },
  { title: "SKIPPED", value: ({ skipped = "-" }) => String(skipped) },
  { title: "AGE", value: ({ started }) => ageOf(nowMs - Date.parse(started)) },
  { title: "REASON", value: ({ reason = "" }) => reason, isLong: true },
];

async function getJob({ operands, options, server }: CalledWithServer<{ output: Format }>): Promise<void> {
  const job = await server.get<WireJob>("workflow-jobs", [operandOf(operands)]);
  if (options.output === "json") return writeJson(job);
  if (options.output === "yaml") return writeYaml(job);
  const { jobID, operation, state, reason, filter, started, ended, error, failures = [] } = job;
  const lines = [
    ["Job", jobID],
    ["Operation", operation],
    ["Status", state],
    ["Reason", reason],
    ["Filter", filter && JSON.stringify(filter)],
    ["Started", started],
    ["Ended", ended],
    ["Progress", progressOf(job)],
    ["Done", String(job.done ?? 0)],
    ["Failed", String(job.failed ?? 0)],
    ["Skipped", String(job.skipped ?? 0)],
    ["Error", error],
    ...failures.slice(0, FAILURES_SHOWN).map(({ instanceID, error: why }) => ["Failure", `${instanceID}: ${why}`]),
  ];
  for (const [name = "", value] of lines)
    if (value !== undefined) await writeLine(`${`${name}:`.padEnd(11)}${oneLine(value)}`);
}
