import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { type Called, operandOf, runs } from "../command.ts";
import { CliError } from "../errors.ts";
import { success } from "../terminal/output.ts";

/*
 * `dashboard copy`: the dashboard into the assets of a Worker that has some of its own. It may be run again, after an upgrade: what an earlier one has
 * left goes, and nothing else is touched.
 */

export function addDashboard(program: Command): void {
  const group = program
    .command("dashboard")
    .summary("put the dashboard into your Worker")
    .description("The dashboard.");
  const command = group
    .command("copy")
    .summary("copy it into the directory of your Worker's assets")
    .description(
      "Copy the dashboard into the directory of your Worker's assets, as ui/ in it, and its lines into the file _headers there. To be run again after an upgrade.",
    )
    .argument("<directory>", "`directory` of [assets] in wrangler.toml");
  runs(command, copy);
}

/** Beside this program, in the package. */
const FILES = new URL("dashboard/", import.meta.url);
const BEGIN = "# The dashboard of edge-workflows: written by `edge-workflows dashboard copy`";
const END = "# End of the dashboard of edge-workflows";
/** What the build writes into its page. */
const MARK = 'name="edge-workflows-build"';

async function copy({ operands }: Called<object>): Promise<void> {
  const directory = operandOf(operands);
  const ui = join(directory, "ui");
  if (!existsSync(new URL("ui/index.html", FILES)))
    throw new CliError(
      "this program has no dashboard beside it: it is in the package `edge-workflows`, run it from there",
    );
  if (isSomebodyElses(ui))
    throw new CliError(`${ui} is there and is no dashboard of edge-workflows: move it, or choose another directory`);
  mkdirSync(directory, { recursive: true });
  // Names of files change with what is in them: those of an earlier version would stay.
  rmSync(ui, { recursive: true, force: true });
  cpSync(new URL("ui", FILES), ui, { recursive: true });
  const headers = join(directory, "_headers");
  const before = existsSync(headers) ? readFileSync(headers, "utf8") : "";
  writeFileSync(headers, mergeHeaders(before, readFileSync(new URL("_headers", FILES), "utf8")));
  await success(`The dashboard is in ${ui}, and its headers in ${headers}`);
}

function isSomebodyElses(ui: string): boolean {
  if (!existsSync(ui)) return false;
  const page = join(ui, "index.html");
  return existsSync(page) ? !readFileSync(page, "utf8").includes(MARK) : readdirSync(ui).length > 0;
}

/** What is there stays as it is, with the dashboard's part in its old place, or at the end. */
export function mergeHeaders(before: string, ours: string): string {
  const part = [BEGIN, ...sectionsOf(ours), END].join("\n");
  const begin = before.indexOf(BEGIN);
  const end = before.indexOf(END, begin);
  if (begin !== -1 && end !== -1) return before.slice(0, begin) + part + before.slice(end + END.length);
  const kept = before.trimEnd();
  return `${kept === "" ? "" : `${kept}\n\n`}${part}\n`;
}

/** Those of paths below `/ui/`: the package's other files are not copied. */
function sectionsOf(headers: string): string[] {
  let isOurs = false;
  return headers.split(/\r?\n/).filter((line) => {
    if (/^\S/.test(line)) isOurs = line.startsWith("/ui/");
    return isOurs && line.trim() !== "";
  });
}
