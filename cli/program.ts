import { Command } from "commander";
import { connection } from "./command.ts";
import { addActions, addDaprActions } from "./commands/actions.ts";
import { addBulk } from "./commands/bulk.ts";
import { addCatalog } from "./commands/catalog.ts";
import { addCompletion } from "./commands/completion.ts";
import { addCount } from "./commands/count.ts";
import { addDashboard } from "./commands/dashboard.ts";
import { addExport } from "./commands/export.ts";
import { addGet } from "./commands/get.ts";
import { addHistory } from "./commands/history.ts";
import { addLimits } from "./commands/limits.ts";
import { addList } from "./commands/list.ts";
import { addOpen } from "./commands/open.ts";
import { addProfile } from "./commands/profile.ts";
import { addPurge } from "./commands/purge.ts";
import { addRaiseEvent } from "./commands/raise-event.ts";
import { addReplay } from "./commands/replay.ts";
import { addRerun } from "./commands/rerun.ts";
import { addRun } from "./commands/run.ts";
import { addSchedule } from "./commands/schedule.ts";
import { addToken } from "./commands/token.ts";
import { addVersion } from "./commands/version.ts";
import { addWait } from "./commands/wait.ts";
import { addWatch } from "./commands/watch.ts";
import { VERSION } from "./version.ts";

/** In the order of the help. */
const DAPR = [addRun, addList, addHistory, addDaprActions, addRaiseEvent, addRerun, addPurge];
const BEYOND = [
  addGet,
  addOpen,
  addWait,
  addWatch,
  addCount,
  addActions,
  addVersion,
  addBulk,
  addSchedule,
  addLimits,
  addExport,
  addReplay,
  addCatalog,
  addDashboard,
  addProfile,
  addToken,
  addCompletion,
];

/** The whole command line. Whoever reads it only, as completion does, runs nothing. */
export function programOf(): Command {
  const help = new Command("help")
    .argument("[command]")
    .description("print the help of a command")
    .helpGroup("Beyond:");
  const program = new Command("edge-workflows")
    .description("Operate workflows over HTTP. All that `dapr workflow` does, and more.")
    .version(VERSION, "--version", "print the version of this program")
    .helpOption("-h, --help", "print this help")
    .addHelpCommand(help)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .exitOverride();
  connection(program);
  program.commandsGroup("As `dapr workflow` has them:");
  for (const add of DAPR) add(program);
  program.commandsGroup("Beyond:");
  for (const add of BEYOND) add(program);
  return program;
}
