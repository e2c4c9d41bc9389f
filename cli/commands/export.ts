import { once } from "node:events";
import { createWriteStream, renameSync, rmSync } from "node:fs";
import type { Command } from "commander";
import { type CalledWithServer, talks, wholeNumber } from "../command.ts";
import { CliError, EXIT, ServerError } from "../errors.ts";
import { onInterrupt } from "../interrupts.ts";
import { linesOf } from "../lines.ts";
import { checkWhole, instanceIds, pagesOf } from "../listing.ts";
import type { Server } from "../server.ts";
import { checkTargets } from "../targets.ts";
import { note, writeLine } from "../terminal/output.ts";
import { Progress } from "../terminal/progress.ts";
import { safeJson } from "../terminal/text.ts";

/*
 * `export`: histories as JSON lines, one instance after the other, each begun by a line that names it: what `replay` and the test kit read.
 */

interface Flags {
  readonly query?: string;
  readonly limit?: number;
  readonly file?: string;
}

export function addExport(program: Command): void {
  const command = program
    .command("export")
    .summary("write histories as JSON lines, for `replay` and the test kit")
    .description("Write histories as JSON lines, for `replay` and the test kit: of IDs, or of all that a query finds.")
    .argument("[id...]", "IDs of instances, or `latest`")
    .option("-q, --query <query>", "all instances that this query finds, the newest first")
    .option("--limit <n>", "with --query: the newest n of them", wholeNumber("--limit", 1))
    .option("-f, --file <file>", "where to write it (default: stdout)");
  talks<Flags>(command, exportHistories);
}

async function exportHistories({ operands, options, server }: CalledWithServer<Flags>): Promise<void> {
  const { limit, file } = options;
  const query = checkTargets(operands, {
    ...(options.query !== undefined && { query: options.query }),
    ...(limit !== undefined && { limit }),
  });
  const sink = file === undefined || file === "-" ? TO_STDOUT : fileSink(file);
  const progress = new Progress();
  const off = onInterrupt(() => sink.drop());
  let count = 0;
  try {
    for await (const id of query === undefined ? named(server, operands) : found(server, query, limit)) {
      progress.show(`export: ${count} instance(s), now ${id}`);
      if (await writeHistory(server, id, sink, query !== undefined)) count += 1;
    }
    progress.end();
    checkWhole("the export is not");
    await sink.keep();
  } catch (error) {
    progress.end();
    sink.drop();
    throw error;
  } finally {
    off();
  }
  note(`${count} instance(s) exported`);
}

async function* named(server: Server, operands: readonly string[]): AsyncGenerator<string> {
  yield* await instanceIds(server, operands);
}

async function* found(server: Server, q: string, limit: number | undefined): AsyncGenerator<string> {
  for await (const page of pagesOf(server, { filter: { q }, order: "desc", limit }))
    for (const { instanceID } of page) yield instanceID;
}

/** @returns whether it is there; `mayBeGone`: one of a list may have been purged since. */
async function writeHistory(server: Server, id: string, sink: Sink, mayBeGone: boolean): Promise<boolean> {
  try {
    const stream = await server.stream("workflows", [id, "history"], { format: "jsonl" });
    for await (const line of linesOf(stream)) await sink.write(line);
    return true;
  } catch (error) {
    if (mayBeGone && error instanceof ServerError && error.exitCode === EXIT.notFound) return false;
    if (error instanceof CliError) throw error;
    throw new CliError(`the history of '${id}' was cut off: ${error instanceof Error ? error.message : error}`);
  }
}

interface Sink {
  write(line: string): Promise<void>;
  keep(): Promise<void>;
  drop(): void;
}

const TO_STDOUT: Sink = {
  write: (line) => writeLine(safeJson(line)),
  keep: async () => {},
  drop: () => {},
};

/** Under another name until it is whole: nobody replays a part. */
function fileSink(file: string): Sink {
  const draft = `${file}.part`;
  const stream = createWriteStream(draft, { mode: 0o600 });
  let failure: Error | undefined;
  stream.on("error", (error) => {
    failure = error;
  });
  const check = () => {
    if (failure !== undefined) throw new CliError(`${file} cannot be written: ${failure.message}`);
  };
  return {
    async write(line) {
      check();
      if (!stream.write(`${line}\n`)) await Promise.race([once(stream, "drain"), once(stream, "close")]);
    },
    async keep() {
      stream.end();
      if (!stream.closed) await once(stream, "close");
      check();
      renameSync(draft, file);
    },
    drop() {
      stream.destroy();
      rmSync(draft, { force: true });
    },
  };
}
