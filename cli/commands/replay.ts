import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Command } from "commander";
import type { replayHistory } from "../../src/testing.ts";
import { type Called, operandOf, runs } from "../command.ts";
import { CliError, EXIT, type ExitCode } from "../errors.ts";
import { note, success } from "../terminal/output.ts";
import { safeLines } from "../terminal/text.ts";

/*
 * `replay`: exported histories against the code of this machine, without a server and without an activity. The replay is that of the
 * test kit which the code itself has installed: it has to be the same library as the code's.
 */

interface Flags {
  readonly runtime: string;
}

type Kit = { readonly replayHistory: typeof replayHistory };
type Runtime = Parameters<typeof replayHistory>[0];

export function addReplay(program: Command): void {
  const command = program
    .command("replay")
    .summary("run today's code over exported histories, and show where it differs")
    .description("Run today's code over exported histories, without any activity. Exit code 1 where it differs.")
    .argument("<file>", "what `export` has written; - is stdin")
    .requiredOption(
      "--runtime <module>",
      "a module that exports `runtime`, a WorkflowRuntime, and imports no `cloudflare:`",
    );
  runs<Flags>(command, replay);
}

async function replay({ operands, options }: Called<Flags>): Promise<ExitCode> {
  const file = operandOf(operands);
  const histories = historiesIn(read(file));
  const module = resolve(options.runtime);
  const [runtime, kit] = [await runtimeOf(module), await kitOf(module)];
  let different = 0;
  for (const history of histories) {
    try {
      const { events, state } = await kit.replayHistory(runtime, history);
      await success(`${nameOf(history)}: ${events} events, ${state}, as recorded`);
    } catch (error) {
      if (!(error instanceof Error) || !["ReplayError", "TypeError"].includes(error.name)) throw error;
      different += 1;
      process.stderr.write(`${safeLines(error.message)}\n`);
    }
  }
  if (histories.length > 1) note(`${histories.length - different} as recorded, ${different} not`);
  return different === 0 ? EXIT.done : EXIT.failed;
}

function read(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new CliError(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

/** Each begins with a line that names its instance. A file of one that does not, is JSON, or events alone. */
function historiesIn(text: string): readonly string[] {
  const lines = text.split("\n");
  const begins = lines.flatMap((line, n) => (/^\{"instanceId":"(?:[^"\\]|\\.)*"\}\s*$/.test(line) ? [n] : []));
  if (begins.length < 2) return [text];
  return begins.map((begin, n) => lines.slice(begin, begins[n + 1]).join("\n"));
}

function nameOf(history: string): string {
  return /^\{"instanceId":("(?:[^"\\]|\\.)*")/.exec(history)?.[1]?.slice(1, -1) ?? "the history";
}

async function runtimeOf(module: string): Promise<Runtime> {
  const loaded = await load(module, "--runtime");
  const { runtime } = loaded as { runtime?: Runtime };
  if (typeof runtime === "object" && runtime !== null) return runtime;
  throw new CliError(
    `${module} is a module that exports \`runtime\`, a WorkflowRuntime, found the exports ${Object.keys(loaded).join(", ") || "none"}`,
  );
}

async function kitOf(module: string): Promise<Kit> {
  let path: string;
  try {
    path = createRequire(module).resolve("edge-workflows/testing");
  } catch {
    throw new CliError(`edge-workflows is not installed where ${module} is, so that its code cannot be replayed`);
  }
  return (await load(path, "the test kit")) as Kit;
}

async function load(path: string, what: string): Promise<object> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const hint =
      code === "ERR_UNSUPPORTED_ESM_URL_SCHEME"
        ? ". Put the runtime into a module of its own, without createWorker, and import it from the Worker"
        : "";
    throw new CliError(`${what} cannot be loaded from ${path}: ${message}${hint}`);
  }
}
