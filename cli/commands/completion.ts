import type { Command } from "commander";
import { runs } from "../command.ts";
import { usage } from "../errors.ts";
import { write } from "../terminal/output.ts";

/*
 * `completion SHELL`: a script for the shell, written from the commands themselves: their names and flags, and nothing that a server
 * would have to be asked for.
 */

const SHELLS = ["bash", "zsh", "fish"] as const;

/** What may follow these words. */
interface Place {
  /** Names of commands, `bulk list`; empty for the program itself. */
  readonly path: string;
  readonly flags: readonly Word[];
  readonly others: readonly Word[];
}

interface Word {
  readonly word: string;
  readonly description: string;
}

export function addCompletion(program: Command): void {
  const command = program
    .command("completion")
    .summary("print a script that completes commands and flags in your shell")
    .description(`Print a script that completes commands and flags. SHELL is one of ${SHELLS.join(", ")}.`)
    .argument("[shell]", SHELLS.join(", "))
    .addHelpText(
      "after",
      `
bash:  eval "$(edge-workflows completion bash)"       in ~/.bashrc
zsh:   eval "$(edge-workflows completion zsh)"        in ~/.zshrc, behind compinit
fish:  edge-workflows completion fish | source        in ~/.config/fish/config.fish`,
    );
  runs(command, ({ operands }) => {
    const [asked] = operands;
    const shell = SHELLS.find((one) => one === asked);
    if (shell === undefined) {
      const found = asked === undefined ? "say which shell" : `unknown shell ${JSON.stringify(asked)}`;
      throw usage(`${found}. Supported shells are ${SHELLS.join(", ")}`);
    }
    return write(SCRIPTS[shell](placesOf(program)));
  });
}

function placesOf(command: Command, path: readonly string[] = []): Place[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const named = commands.map((one) => ({ word: one.name(), description: help.subcommandDescription(one) }));
  const shells = command.name() === "completion" ? SHELLS.map((word) => ({ word, description: "" })) : [];
  const flags = help
    .visibleOptions(command)
    .flatMap(({ long, description }) => (typeof long === "string" ? [{ word: long, description }] : []));
  const below = commands
    .filter((one) => one.name() !== "help")
    .flatMap((one) => [one.name(), ...one.aliases()].flatMap((name) => placesOf(one, [...path, name])));
  return [{ path: path.join(" "), flags, others: [...named, ...shells] }, ...below];
}

/** The commands among the words before the one that is completed, `/bulk/list`; flags and their values between them do not count. */
const place = (words: string) => `  local at="" word
  for word in ${words}; do
    case " $_edge_workflows_places " in
      *" $at/$word "*) at="$at/$word" ;;
    esac
  done`;

const nameOf = ({ path }: Place) => (path === "" ? "" : `/${path.replaceAll(" ", "/")}`);

const namesOf = (places: readonly Place[]) => places.map(nameOf).join(" ").trim();

const casesOf = (places: readonly Place[], line: (place: Place) => string) =>
  places.map((one) => `    "${nameOf(one)}") ${line(one)} ;;`).join("\n");

/** Flags where one is begun; else commands, and where there is none, files. */
const SCRIPTS: Readonly<Record<(typeof SHELLS)[number], (places: readonly Place[]) => string>> = {
  bash: (places) => `# edge-workflows: completion for bash
_edge_workflows_places="${namesOf(places)}"
_edge_workflows() {
${place(`"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`)}
  local flags="" others=""
  case "$at" in
${casesOf(places, ({ flags, others }) => `flags="${listed(flags)}" others="${listed(others)}"`)}
  esac
  case "\${COMP_WORDS[COMP_CWORD]}" in
    -*) others="$flags" ;;
  esac
  COMPREPLY=($(compgen -W "$others" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _edge_workflows edge-workflows
`,
  zsh: (places) => `#compdef edge-workflows
_edge_workflows_places="${namesOf(places)}"
_edge_workflows() {
${place(`"\${words[@]:1:$((CURRENT - 2))}"`)}
  local -a flags others
  case "$at" in
${casesOf(places, ({ flags, others }) => `flags=(${flags.map(described).join(" ")}) others=(${others.map(described).join(" ")})`)}
  esac
  case "\${words[CURRENT]}" in
    -*) others=("\${flags[@]}") ;;
  esac
  _describe edge-workflows others || _files
}
compdef _edge_workflows edge-workflows
`,
  fish: (places) => {
    const lines = places.flatMap(({ path, flags, others }) => {
      const here = `complete -c edge-workflows -n '__edge_workflows_at "${path}"'`;
      return [
        ...flags.map(({ word, description }) => `${here} -l ${word.slice(2)} -d ${quoted(description)}`),
        ...others.map(({ word, description }) => `${here} -f -a ${word} -d ${quoted(description)}`),
      ];
    });
    return `# edge-workflows: completion for fish
set -g __edge_workflows_paths ${places.flatMap(({ path }) => (path === "" ? [] : [quoted(path)])).join(" ")}
function __edge_workflows_at
  set -l path
  for word in (commandline -opc)[2..-1]
    set -l next (string join -- ' ' $path $word)
    if contains -- "$next" $__edge_workflows_paths
      set path $path $word
    end
  end
  test "$path" = "$argv[1]"
end
${lines.join("\n")}
`;
  },
};

function listed(words: readonly Word[]): string {
  return words.map(({ word }) => word).join(" ");
}

function described({ word, description }: Word): string {
  return quoted(description === "" ? word : `${word}:${description}`);
}

/** As a word of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("\n", " ").replaceAll("'", "")}'`;
}
