import { type Command, Option } from "commander";
import { type ExitCode, usage } from "./errors.ts";
import { Server } from "./server.ts";
import { type ConnectionFlags, settingsOf } from "./settings.ts";
import { note } from "./terminal/output.ts";

/*
 * What the commands have in common: how they are declared, and what they are given when they run.
 */

/** What a command is given. */
export interface Called<Options> {
  readonly operands: readonly string[];
  readonly options: Options;
}

export interface CalledWithServer<Options> extends Called<Options> {
  readonly server: Server;
}

type Outcome = Promise<ExitCode | undefined> | Promise<void>;

/** Declares what the command does. What it returns is what the process ends with. */
export function runs<Options>(command: Command, run: (called: Called<Options>) => Outcome): Command {
  return command.action(async () => {
    const code = await run({ operands: command.args, options: optionsOf<Options>(command) });
    if (code !== undefined) process.exitCode = code;
  });
}

/** The same of a command that talks to a server, with the flags that say which. */
export function talks<Options>(command: Command, run: (called: CalledWithServer<Options>) => Outcome): Command {
  return runs<Options & ConnectionFlags & DaprFlags>(connection(command), ({ operands, options }) => {
    tellOfDaprFlags(options);
    return run({ operands, options, server: new Server(settingsOf(options)) });
  });
}

/** What was given before the name of the command counts, unless it is given behind it, too. */
function optionsOf<Options>(command: Command): Options {
  const given: Record<string, unknown> = {};
  for (let one: Command | null = command; one !== null; one = one.parent)
    for (const [name, value] of Object.entries(one.opts())) given[name] ??= value;
  return given as Options;
}

export function connection(command: Command): Command {
  return command
    .optionsGroup("Server:")
    .option("--url <url>", "where the server is (EDGE_WORKFLOWS_URL; default http://localhost:8787)")
    .option("--token <token>", "its token (DAPR_API_TOKEN)")
    .option("--component <name>", "the component in the paths of the API (EDGE_WORKFLOWS_COMPONENT; default dapr)")
    .option("--profile <name>", "a server that was set by `profile set` (EDGE_WORKFLOWS_PROFILE)")
    .optionsGroup("As `dapr workflow` has them:")
    .option("-a, --app-id <id>", "the app that the server has to be")
    .option("-n, --namespace <name>", "the same as --component")
    .addOption(new Option("-k, --kubernetes", "ignored").hideHelp());
}

/** Of Dapr's `list` and `purge`, which read a database. */
export function database(command: Command): Command {
  return command
    .addOption(new Option("-c, --connection-string <text>", "ignored").hideHelp())
    .addOption(new Option("-t, --table-name <name>", "ignored").hideHelp());
}

interface DaprFlags {
  readonly kubernetes?: true;
  readonly connectionString?: string;
  readonly tableName?: string;
  readonly schedulerNamespace?: string;
  readonly namespace?: string;
  readonly appId?: string;
}

/** One line, whatever there is of them. */
function tellOfDaprFlags(flags: DaprFlags): void {
  const { kubernetes, connectionString, tableName, schedulerNamespace, namespace, appId } = flags;
  const ignored = [
    kubernetes && "--kubernetes",
    connectionString !== undefined && "--connection-string",
    tableName !== undefined && "--table-name",
    schedulerNamespace !== undefined && "--scheduler-namespace",
  ].filter((flag) => typeof flag === "string");
  const told = [
    ignored.length > 0 && `${ignored.join(", ")} ignored, because all goes over HTTP to one server`,
    namespace !== undefined && "--namespace is the component",
    appId !== undefined && "--app-id has to be the server's own",
  ].filter((text) => typeof text === "string");
  if (told.length > 0) note(`Dapr's flags: ${told.join("; ")}`);
}

export type Format = "short" | "wide" | "yaml" | "json" | "ids" | "jsonl";

export function output(command: Command, formats: readonly Format[]): Command {
  return command.option(
    "-o, --output <format>",
    `Output format. One of ${formats.join(", ")}`,
    (value: string) => {
      const found = formats.find((format) => format === value);
      if (found !== undefined) return found;
      throw usage(`invalid value for --output. Supported values are ${formats.join(", ")}`);
    },
    "short" as Format,
  );
}

/** Reads the value of a flag, or says what it should have been. */
export function wholeNumber(flag: string, least: number, most = Number.MAX_SAFE_INTEGER) {
  return (value: string): number => {
    const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return number;
    const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
    throw usage(`invalid value for ${flag}: a whole number ${range}, found ${JSON.stringify(value)}`);
  };
}

/** `KEY=VALUE`, as often as it is given. */
export function pairs(flag: string) {
  return (text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> => {
    const at = text.indexOf("=");
    if (at < 1) throw usage(`invalid value for ${flag}: KEY=VALUE, found ${JSON.stringify(text)}`);
    return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
  };
}

/** That of a command whose declaration says that there is one. */
export function operandOf(operands: readonly string[], n = 0): string {
  const found = operands[n];
  if (found === undefined) throw usage(`missing argument ${n + 1}`);
  return found;
}

/** Where a body of JSON holds it: what is no JSON is a text. */
export function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
