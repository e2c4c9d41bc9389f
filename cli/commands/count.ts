import type { Command } from "commander";
import { type CalledWithServer, type Format, output, talks } from "../command.ts";
import { EXIT, usage } from "../errors.ts";
import { tellOfMissing, tellOfNone } from "../listing.ts";
import { note, paintStatus, writeJson, writeJsonLine, writeLine, writeTable, writeYaml } from "../terminal/output.ts";
import type { Column } from "../terminal/table.ts";
import { type FilterFlags, filterOf, filters } from "./list.ts";

/*
 * `count`: how many instances there are, all together or by what they have in common.
 */

interface Flags extends FilterFlags {
  readonly by?: readonly string[];
  readonly output: Format;
}

type Count = Readonly<Record<string, string | number>> & { readonly count: number };

interface Counts {
  readonly counts: readonly Count[];
  readonly complete?: false;
  readonly missingShards?: number;
}

const KEYS = ["status", "name", "version", "errorType", "day"];

export function addCount(program: Command): void {
  const command = program
    .command("count")
    .summary("count instances, all together or in groups")
    .description("Count instances: one number, or with --by one for each group, the greatest first.");
  filters(command).option("--by <keys>", `one or more of ${KEYS.join(", ")}, separated by commas`, keysOf);
  talks<Flags>(output(command, ["short", "yaml", "json", "jsonl"]), count);
}

function keysOf(value: string): string[] {
  const keys = value.split(",").map((key) => key.trim());
  if (keys.every((key) => KEYS.includes(key))) return keys;
  throw usage(`invalid value for --by. Supported values are ${KEYS.join(", ")}`);
}

async function count({ options, server }: CalledWithServer<Flags>): Promise<void> {
  const { by, output: format } = options;
  const filter = filterOf(options);
  const countBy = (by ?? ["status"]).join(",");
  const nothing: Counts = { counts: [] };
  const answer = filter === undefined ? nothing : await server.get<Counts>("workflows", [], { ...filter, countBy });
  tellOfMissing(answer.missingShards);
  if (answer.complete === false) {
    note("Not whole: there are so many instances that not every one was looked at. At least so many match");
    process.exitCode = EXIT.failed;
  }
  const total = answer.counts.reduce((sum, one) => sum + one.count, 0);
  const counts = by === undefined ? [{ count: total }] : answer.counts;
  if (format === "json") return writeJson(by === undefined ? counts[0] : counts);
  if (format === "yaml") return writeYaml(by === undefined ? counts[0] : counts);
  if (format === "jsonl") for (const one of counts) await writeJsonLine(one);
  else if (by === undefined) await writeLine(String(total));
  else if (answer.counts.length > 0) await writeTable(columnsOf(by), answer.counts);
  if (by !== undefined && answer.counts.length === 0) await tellOfNone(server, "workflow");
}

function columnsOf(by: readonly string[]): Column<Count>[] {
  const keys = by.map(
    (key): Column<Count> => ({
      title: key === "errorType" ? "ERROR TYPE" : key.toUpperCase(),
      value: (one) => String(one[key] ?? "-"),
      ...(key === "status" && { paint: (text: string) => paintStatus(text, text.trim()) }),
    }),
  );
  return [...keys, { title: "COUNT", value: (one) => String(one.count) }];
}
