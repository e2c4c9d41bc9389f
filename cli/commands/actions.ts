import type { Command } from "commander";
import { type CalledWithServer, jsonOrText, talks } from "../command.ts";
import type { ExitCode } from "../errors.ts";
import type { Query } from "../server.ts";
import { act, type TargetFlags, targets } from "../targets.ts";
import { info } from "../terminal/output.ts";

/*
 * What is done to instances that there are, with nothing but a reason: `suspend`, `resume`, `terminate` as Dapr has them, and `cancel`,
 * `restart`, `rewind`.
 */

/** What a verb does, of one instance and of many. */
interface Verb {
  readonly verb: string;
  /** As the API calls it: the last part of the route, and the operation of a bulk job. */
  readonly operation: "pause" | "resume" | "terminate" | "cancel" | "restart" | "rewind";
  readonly done: string;
}

interface Simple extends Verb {
  readonly summary: string;
  readonly description: string;
}

const SUSPEND: Simple = {
  verb: "suspend",
  operation: "pause",
  done: "suspended",
  summary: "suspend a workflow in progress",
  description: "Suspend workflows in progress: they take no turn until they are resumed.",
};
const RESUME: Simple = {
  verb: "resume",
  operation: "resume",
  done: "resumed",
  summary: "resume a workflow that is suspended",
  description: "Resume workflows that are suspended.",
};
const CANCEL: Simple = {
  verb: "cancel",
  operation: "cancel",
  done: "asked to cancel",
  summary: "ask a workflow to end, so that its code can clean up",
  description: "Ask workflows, and their children, to end. Their code gets an error where it waits, and may clean up.",
};
const RESTART: Simple = {
  verb: "restart",
  operation: "restart",
  done: "restarted",
  summary: "start an instance anew, under its ID and with its input",
  description: "Terminate what runs, then start it anew with its name, input and attributes, on the latest version.",
};
const REWIND: Simple = {
  verb: "rewind",
  operation: "rewind",
  done: "rewound",
  summary: "let a failed instance go on from the call that has failed",
  description: "Let instances that have FAILED go on: the call at which their code has failed is made again.",
};

export function addDaprActions(program: Command): void {
  addSimple(program, SUSPEND);
  addSimple(program, RESUME);
  addTerminate(program);
}

export function addActions(program: Command): void {
  for (const action of [CANCEL, RESTART, REWIND]) addSimple(program, action);
}

function addSimple(program: Command, simple: Simple): void {
  const command = program.command(simple.verb).summary(simple.summary).description(simple.description);
  talks<TargetFlags>(targets(command), (called) => does(called, simple));
}

interface TerminateFlags extends TargetFlags {
  readonly output?: string;
  readonly nonRecursive?: true;
}

const TERMINATE: Verb = { verb: "terminate", operation: "terminate", done: "terminated" };

function addTerminate(program: Command): void {
  const command = program
    .command("terminate")
    .summary("terminate a workflow in progress")
    .description("Terminate workflows in progress, and their children.")
    .option("-o, --output <json>", "Optional output data for the workflow in JSON string format")
    .option("--non-recursive", "leave the children");
  talks<TerminateFlags>(targets(command), (called) => {
    const { nonRecursive, output } = called.options;
    const query = nonRecursive && { nonRecursive };
    return does(called, TERMINATE, query, output === undefined ? undefined : { output: jsonOrText(output) });
  });
}

/** `query` and `body` are those of the route; a bulk job has both as its fields. */
function does(
  { operands, options, server }: CalledWithServer<TargetFlags>,
  { verb, operation, done }: Verb,
  query?: Query,
  body?: object,
): Promise<ExitCode | undefined> {
  return act(server, operands, options, {
    verb,
    operation,
    fields: { ...query, ...body },
    apply: async (id) => {
      await server.operate(id, operation, { ...query, reason: options.reason }, body);
      await info(`Workflow '${id}' ${done} successfully`);
    },
  });
}
