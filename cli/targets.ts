import type { Command } from "commander";
import type { JobOperation } from "../src/jobs/job.ts";
import { bulk } from "./bulk.ts";
import { wholeNumber } from "./command.ts";
import { type ExitCode, usage } from "./errors.ts";
import { instanceIds, queryText } from "./listing.ts";
import type { Server } from "./server.ts";

/*
 * Whom an action is about: instances by their IDs, one after the other, or all that a query finds, as a bulk job.
 */

export interface TargetFlags {
  readonly query?: string;
  readonly limit?: number;
  readonly yes?: true;
  readonly dryRun?: true;
  readonly rps?: number;
  readonly wait: boolean;
  readonly reason?: string;
}

export function targets(command: Command, what = "IDs of instances, or `latest`"): Command {
  return command
    .argument("[id...]", what)
    .option("-r, --reason <text>", "why, for the history")
    .optionsGroup("For many:")
    .option("-q, --query <query>", "all instances that this query finds, as a bulk job")
    .option("--limit <n>", "with --query: the newest n of them", wholeNumber("--limit", 1, 10_000))
    .option("--dry-run", "with --query: say how many there are, and do nothing")
    .option("-y, --yes", "do not ask")
    .option("--rps <n>", "with --query: at most so many a second (default 50)", wholeNumber("--rps", 1, 1_000))
    .option("--no-wait", "with --query: do not wait for the bulk job")
    .optionsGroup("");
}

export interface Action {
  /** What it does, as a verb: `terminate`. */
  readonly verb: string;
  readonly operation: JobOperation;
  /** What a bulk job needs beside the operation. */
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
  /** To one instance, and what is told of it then. */
  readonly apply: (id: string) => Promise<void>;
}

/** The first that fails ends it, as Dapr's purge does: what is told of the others has been done. */
export async function act(
  server: Server,
  operands: readonly string[],
  flags: TargetFlags,
  action: Action,
): Promise<ExitCode | undefined> {
  const query = checkTargets(operands, flags);
  if (query !== undefined) return bulk(server, query, flags, action);
  for (const id of await instanceIds(server, operands)) await action.apply(id);
  return undefined;
}

/** @returns the query, where it is one */
export function checkTargets(operands: readonly string[], flags: Partial<TargetFlags>): string | undefined {
  const { query } = flags;
  if ((query !== undefined) === operands.length > 0)
    throw usage(`either IDs or --query say which instances, found ${query === undefined ? "neither" : "both"}`);
  if (query !== undefined) return queryText(query);
  checkWithoutQuery(flags);
  return undefined;
}

/** Flags that would count for nothing, the worst of them where somebody trusts that nothing is done. */
export function checkWithoutQuery(flags: Partial<TargetFlags>): void {
  const alone = (["limit", "dryRun", "rps"] as const).find((name) => flags[name] !== undefined);
  if (alone !== undefined) throw usage(`--${alone === "dryRun" ? "dry-run" : alone} goes with --query`);
}
