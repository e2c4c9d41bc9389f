import { type Command, Option } from "commander";
import { type CalledWithServer, database, talks } from "../command.ts";
import { EXIT, type ExitCode, ServerError, usage } from "../errors.ts";
import { checkWhole, instanceIds, pagesOf } from "../listing.ts";
import type { Query, Server } from "../server.ts";
import { act, checkWithoutQuery, type TargetFlags, targets } from "../targets.ts";
import { isConfirmed } from "../terminal/ask.ts";
import { info, note, success } from "../terminal/output.ts";
import { momentOf } from "../times.ts";
import { STATUSES } from "./list.ts";

/*
 * `purge`: IDs and Dapr's --all flags one instance after the other, in Dapr's words; --query as a bulk job.
 */

interface Flags extends TargetFlags {
  readonly all?: true;
  readonly allOlderThan?: string;
  readonly allFilterStatus?: string;
  readonly force?: true;
  readonly nonRecursive?: true;
}

const ENDED = ["COMPLETED", "FAILED", "CANCELED", "TERMINATED"];

export function addPurge(program: Command): void {
  const command = program
    .command("purge")
    .summary("purge workflow instances with a terminal state")
    .description(
      "Purge one or more workflow instances with a terminal state, and their children. Accepts instance IDs, or flags to purge multiple or all terminal instances.",
    );
  targets(command)
    .option("--all", "Purge all workflow instances in a terminal state. Use with caution")
    .option(
      "--all-older-than <time>",
      "Purge workflow instances older than the specified Go duration or timestamp, e.g., '24h' or '2023-01-02T15:04:05Z'",
    )
    .option(
      "--all-filter-status <status>",
      `Filter purge to only workflow instances with the given runtime status. Must be used with --all-older-than. One of ${STATUSES.join(", ")}`,
    )
    .option("--force", "purge instances that have not ended, too: they are stopped where they are")
    .option("--non-recursive", "leave the children")
    .addOption(new Option("--scheduler-namespace <name>", "ignored").hideHelp());
  talks<Flags>(database(command), purge);
}

async function purge({ operands, options, server }: CalledWithServer<Flags>): Promise<ExitCode | undefined> {
  const { all, allOlderThan, query, force, nonRecursive, reason } = options;
  checkAll(operands, options);
  const flags: Query = { force, nonRecursive, reason };
  if (all === true || allOlderThan !== undefined) return purgeAll(server, options, flags);
  if (query === undefined) return purgeEach(server, await instanceIds(server, operands), flags);
  return act(server, operands, options, {
    verb: "purge",
    operation: "purge",
    fields: { ...(force && { force }), ...(nonRecursive && { nonRecursive }) },
    apply: async (id) => void (await purgeOne(server, id, flags)),
  });
}

/** In Dapr's words. */
function checkAll(operands: readonly string[], flags: Flags): void {
  const { all, allOlderThan, allFilterStatus, query, force } = flags;
  const isAll = all === true || allOlderThan !== undefined;
  if (isAll && (operands.length > 0 || query !== undefined))
    throw usage("no arguments are accepted when using purge all flags");
  if (all === true && allOlderThan !== undefined) throw usage("either --all or --all-older-than, found both");
  if (allFilterStatus !== undefined && allOlderThan === undefined)
    throw usage("--all-filter-status can only be used with --all-older-than");
  if (query === undefined) checkWithoutQuery(flags);
  if (!isAll && query === undefined && operands.length === 0)
    throw usage("one or more workflow instance ID arguments are required when not using purge all flags");
  if (allFilterStatus === undefined) return;
  if (!STATUSES.includes(allFilterStatus))
    throw usage(`invalid value for --all-filter-status. Supported values are ${STATUSES.join(", ")}`);
  if (!ENDED.includes(allFilterStatus) && force !== true)
    throw usage(`--force is required when using --all-filter-status with a non-terminal status (${allFilterStatus})`);
}

async function purgeAll(server: Server, options: Flags, flags: Query): Promise<ExitCode | undefined> {
  const { allOlderThan, allFilterStatus, yes } = options;
  const before = allOlderThan === undefined ? undefined : momentOf("--all-older-than", allOlderThan, "past");
  const filter = { status: allFilterStatus ?? ENDED.join(","), createdBefore: before?.toISOString() };
  const ids: string[] = [];
  if (allFilterStatus !== "CONTINUED_AS_NEW")
    for await (const page of pagesOf(server, { filter, order: "asc" })) ids.push(...page.map((row) => row.instanceID));
  checkWhole("nothing was purged");
  const many = `${ids.length} instance(s)`;
  if (ids.length > 0 && yes !== true && !(await isConfirmed(`Purge ${many}?`, "purge", `${many} match`)))
    return EXIT.failed;
  return purgeEach(server, ids, flags, "all");
}

/** `all`: a child that has gone with its parent meanwhile, is as it should be. */
async function purgeEach(server: Server, ids: readonly string[], flags: Query, all?: "all"): Promise<undefined> {
  await info(`Purging ${ids.length} workflow instance(s)`);
  for (const id of ids) await purgeOne(server, id, flags, all);
}

async function purgeOne(server: Server, id: string, flags: Query, all?: "all"): Promise<void> {
  try {
    await server.operate(id, "purge", flags);
    await success(`Purged workflow instance ${JSON.stringify(id)}`);
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    if (all === undefined || error.exitCode !== EXIT.notFound)
      throw new ServerError(error.status, error.errorCode, `${id}: ${error.message}`);
    note(`${id} is gone already`);
  }
}
