import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { type CalledWithServer, type Format, output, talks } from "../command.ts";
import { EXIT, type ExitCode, usage } from "../errors.ts";
import { info, writeJson, writeTable, writeYaml } from "../terminal/output.ts";
import { Progress } from "../terminal/progress.ts";
import { oneLine } from "../terminal/text.ts";

/*
 * `catalog`: how the list of instances is, and what brings back what it has lost.
 */

interface Shard {
  readonly shard: string;
  readonly entries?: number;
  readonly live?: number;
  readonly freshness?: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };
}

/** As many as the server takes at a time. */
const MOST = 20;

export function addCatalog(program: Command): void {
  const group = program
    .command("catalog")
    .summary("how the list of instances is, and how to mend it")
    .description("The catalog: how the list of instances is, and how to mend it.");
  const health = group
    .command("health", { isDefault: true })
    .description("Show each shard: how much it has, how fresh it is.");
  talks<{ output: Format }>(output(health, ["short", "yaml", "json"]), showHealth);
  const rebuild = group
    .command("rebuild")
    .description("Ask instances, whose IDs are known from elsewhere, to tell the catalog of themselves again.")
    .argument("[id...]", "their IDs")
    .option("-f, --file <file>", "a file with an ID a line; - is stdin")
    .option("-r, --reason <text>", "why, for the log");
  talks<RebuildFlags>(rebuild, rebuildCatalog);
}

async function showHealth({ options, server }: CalledWithServer<{ output: Format }>): Promise<void> {
  const health = await server.get<{ shards: readonly Shard[] }>("workflow-catalog", []);
  if (options.output === "json") return writeJson(health);
  if (options.output === "yaml") return writeYaml(health);
  const ms = (value: number | undefined) => (value === undefined ? "-" : `${Math.round(value)}ms`);
  await writeTable<Shard>(
    [
      { title: "SHARD", value: ({ shard }) => shard },
      { title: "INSTANCES", value: ({ entries = "-" }) => String(entries) },
      { title: "LIVE", value: ({ live = "-" }) => String(live) },
      { title: "DELAY P50", value: ({ freshness }) => ms(freshness?.p50Ms) },
      { title: "P99", value: ({ freshness }) => ms(freshness?.p99Ms) },
      { title: "MAX", value: ({ freshness }) => ms(freshness?.maxMs) },
    ],
    health.shards,
  );
}

interface RebuildFlags {
  readonly file?: string;
  readonly reason?: string;
}

async function rebuildCatalog({ operands, options, server }: CalledWithServer<RebuildFlags>): Promise<ExitCode> {
  const { file, reason } = options;
  const read = file === undefined ? [] : readFileSync(file === "-" ? 0 : file, "utf8").split("\n");
  const ids = [...new Set([...operands, ...read.map((line) => line.trim()).filter((line) => line !== "")])];
  if (ids.length === 0) throw usage("IDs of instances, or --file, say what is to be told again, found neither");
  const progress = new Progress();
  const sum = { announced: 0, missing: 0 };
  const failed: string[] = [];
  for (let at = 0; at < ids.length; at += MOST) {
    progress.show(`rebuild: ${at} of ${ids.length}`);
    const body = { instanceIDs: ids.slice(at, at + MOST), ...(reason !== undefined && { reason }) };
    const part = await server.post<typeof sum & { failed: readonly string[] }>(
      "workflow-catalog",
      ["rebuild"],
      {},
      body,
    );
    sum.announced += part.announced;
    sum.missing += part.missing;
    failed.push(...part.failed);
  }
  progress.end();
  await info(`${sum.announced} announced, ${sum.missing} missing, ${failed.length} failed`);
  for (const id of failed) process.stderr.write(`${oneLine(id)}\n`);
  return failed.length === 0 ? EXIT.done : EXIT.failed;
}
