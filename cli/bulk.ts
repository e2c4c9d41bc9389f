import { EXIT, type ExitCode } from "./errors.ts";
import { onInterrupt } from "./interrupts.ts";
import { checkWhole, pagesOf, type WireRow } from "./listing.ts";
import { Reconnecting } from "./reconnecting.ts";
import type { Server } from "./server.ts";
import type { Action, TargetFlags } from "./targets.ts";
import { canAsk, isConfirmed } from "./terminal/ask.ts";
import { info, note } from "./terminal/output.ts";
import { Progress } from "./terminal/progress.ts";
import { oneLine } from "./terminal/text.ts";

/*
 * What is done to all that a query finds: counted first, confirmed, and then a bulk job of the server, which goes on by itself.
 */

export interface WireJob {
  readonly jobID: string;
  readonly state: string;
  readonly started: string;
  readonly ended?: string;
  readonly eta?: string;
  readonly error?: string;
  readonly operation?: string;
  readonly reason?: string;
  readonly filter?: Readonly<Record<string, string>>;
  readonly matched?: number;
  readonly done?: number;
  readonly failed?: number;
  readonly skipped?: number;
  readonly failures?: readonly { readonly instanceID: string; readonly error: string }[];
}

interface Matches {
  readonly matched: number;
  readonly complete?: false;
  readonly samples: readonly Partial<WireRow>[];
}

const SAMPLES = 5;
const POLL_MS = 500;
export const FAILURES_SHOWN = 10;

export async function bulk(
  server: Server,
  query: string,
  flags: TargetFlags,
  action: Action,
): Promise<ExitCode | undefined> {
  const { limit, yes, dryRun, rps, wait, reason } = flags;
  const whom = limit === undefined ? { filter: { q: query } } : await newest(server, query, limit);
  if (whom === undefined) return tellOfNone();
  const body = { operation: action.operation, ...whom, ...action.fields, ...(reason !== undefined && { reason }) };
  const matches = await server.post<Matches>("workflow-jobs", [], {}, { ...body, dryRun: true });
  const { matched, complete } = matches;
  if (matched === 0) return tellOfNone();
  const many = `${complete === false ? "at least " : ""}${matched} instance(s)`;
  if (dryRun === true || (yes !== true && canAsk())) await show(matches, many);
  if (dryRun === true) return undefined;
  const verb = `${action.verb.charAt(0).toUpperCase()}${action.verb.slice(1)}`;
  if (yes !== true && !(await isConfirmed(`${verb} ${many}?`, action.verb, `${many} match`))) return EXIT.failed;
  const { jobID } = await server.post<{ jobID: string }>(
    "workflow-jobs",
    [],
    {},
    { ...body, confirm: matched, ...(rps !== undefined && { rps }) },
  );
  await info(`Bulk job started: ${jobID} (${action.verb} ${many})`);
  return wait ? followJob(server, jobID) : undefined;
}

async function tellOfNone(): Promise<undefined> {
  note("No instance matches");
}

async function newest(server: Server, q: string, limit: number): Promise<{ instanceIDs: string[] } | undefined> {
  const instanceIDs: string[] = [];
  for await (const page of pagesOf(server, { filter: { q }, order: "desc", limit }))
    instanceIDs.push(...page.map((row) => row.instanceID));
  checkWhole("nothing was done");
  return instanceIDs.length === 0 ? undefined : { instanceIDs };
}

async function show({ matched, samples }: Matches, many: string): Promise<void> {
  await info(`${many} match:`);
  for (const { instanceID = "", workflowName = "", runtimeStatus = "" } of samples.slice(0, SAMPLES))
    await info(`  ${instanceID}  ${workflowName}  ${runtimeStatus}`.trimEnd());
  if (matched > SAMPLES) await info(`  and ${matched - Math.min(SAMPLES, samples.length)} more`);
}

/** Until it has ended: how far it has come, the first failures, and whether all went well. */
export async function followJob(server: Server, jobId: string): Promise<ExitCode> {
  const progress = new Progress();
  const off = onInterrupt(() =>
    note(
      `The bulk job goes on. See it with: edge-workflows bulk get ${jobId}; stop it with: edge-workflows bulk cancel ${jobId}`,
    ),
  );
  const reconnecting = new Reconnecting();
  let wasThere = false;
  try {
    for (;;) {
      const job = await server.get<WireJob>("workflow-jobs", [jobId]).catch(async (error) => {
        if (!wasThere) throw error;
        progress.end();
        await reconnecting.after(error);
      });
      if (job === undefined) continue;
      wasThere = true;
      reconnecting.reached();
      if (job.ended !== undefined || job.state === "STALLED") {
        progress.end();
        return await tellOfEnd(job);
      }
      progress.show(progressOf(job));
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  } finally {
    off();
    progress.end();
  }
}

export function progressOf({
  operation = "bulk job",
  matched = 0,
  done = 0,
  failed = 0,
  skipped = 0,
  eta,
}: WireJob): string {
  const over = done + failed + skipped;
  const percent = matched === 0 ? 0 : Math.min(100, Math.floor((over / matched) * 100));
  const rest = eta === undefined ? "" : `, ${Math.max(0, Math.ceil((Date.parse(eta) - Date.now()) / 1_000))}s left`;
  return `${operation}: ${over} of ${matched} (${percent} %)${failed === 0 ? "" : `, ${failed} failed`}${rest}`;
}

async function tellOfEnd(job: WireJob): Promise<ExitCode> {
  const { state, error, done = 0, failed = 0, skipped = 0 } = job;
  await info(`Bulk job ${state.toLowerCase()}: ${done} done, ${failed} failed, ${skipped} skipped`);
  if (error !== undefined) note(`Why: ${error}`);
  tellOfFailures(job);
  return state === "COMPLETED" && failed === 0 ? EXIT.done : EXIT.failed;
}

function tellOfFailures({ failures = [], failed = 0 }: WireJob): void {
  for (const { instanceID, error } of failures.slice(0, FAILURES_SHOWN))
    process.stderr.write(`${oneLine(`${instanceID}: ${error}`)}\n`);
  const more = failed - Math.min(failures.length, FAILURES_SHOWN);
  if (more > 0) note(`and ${more} more failures`);
}
