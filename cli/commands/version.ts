import type { Command } from "commander";
import { type CalledWithServer, talks, wholeNumber } from "../command.ts";
import { EXIT, type ExitCode, usage } from "../errors.ts";
import { checkWhole, instanceIds, pagesOf } from "../listing.ts";
import type { Server } from "../server.ts";
import { checkTargets } from "../targets.ts";
import { isConfirmed } from "../terminal/ask.ts";
import { info, note } from "../terminal/output.ts";

/*
 * `version`: instances go on with another version of their workflow. There is no bulk job for it, so that a query is gone through from here.
 */

interface Flags {
  readonly to?: string;
  readonly query?: string;
  readonly limit?: number;
  readonly yes?: true;
  readonly reason?: string;
}

export function addVersion(program: Command): void {
  const command = program
    .command("version")
    .summary("let instances go on with another version of their workflow")
    .description("Let instances that have begun, and have not ended, go on with another version of their workflow.")
    .argument("[id...]", "IDs of instances, or `latest`")
    .option("--to <version>", "the version, as the workflow was registered with it")
    .option("-q, --query <query>", "all instances that this query finds, one after the other")
    .option("--limit <n>", "with --query: the newest n of them", wholeNumber("--limit", 1))
    .option("-y, --yes", "do not ask")
    .option("-r, --reason <text>", "why, for the history");
  talks<Flags>(command, changeVersion);
}

async function changeVersion({ operands, options, server }: CalledWithServer<Flags>): Promise<ExitCode | undefined> {
  const { to, reason, yes } = options;
  if (!to) throw usage("--to is the version to go on with. The version of this program is printed by --version");
  const query = checkTargets(operands, { ...(options.query !== undefined && { query: options.query }) });
  const ids = query === undefined ? await instanceIds(server, operands) : await found(server, query, options.limit);
  if (ids.length === 0) return void note("No instance matches");
  const many = `${ids.length} instance(s)`;
  const question = `Put ${many} on version ${JSON.stringify(to)}?`;
  if (query !== undefined && yes !== true && !(await isConfirmed(question, "change the version of", `${many} match`)))
    return EXIT.failed;
  for (const id of ids) {
    await server.operate(id, "version", { reason }, { version: to });
    await info(`Workflow '${id}' put on version '${to}' successfully`);
  }
  return undefined;
}

async function found(server: Server, q: string, limit: number | undefined): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const page of pagesOf(server, { filter: { q }, order: "desc", limit }))
    ids.push(...page.map((row) => row.instanceID));
  checkWhole("nothing was done");
  return ids;
}
