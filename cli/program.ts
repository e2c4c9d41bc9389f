import { Command } from "commander";
import { connection } from "./command.ts";
import { addGet } from "./commands/get.ts";
import { addHistory } from "./commands/history.ts";
import { addList } from "./commands/list.ts";
import { addRun } from "./commands/run.ts";
import { VERSION } from "./version.ts";

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
  addRun(program);
  addList(program);
  addHistory(program);
  program.commandsGroup("Beyond:");
  addGet(program);
  return program;
}
