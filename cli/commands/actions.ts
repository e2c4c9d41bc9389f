import type { Command } from "commander";
import type { JobOperation } from "../../src/jobs/job.ts";
import { type CalledWithServer, talks } from "../command.ts";
import type { ExitCode } from "../errors.ts";
import type { Query, Server } from "../server.ts";
import { act, type TargetFlags, targets } from "../targets.ts";
import { info } from "../terminal/output.ts";

/*
 * What is done to instances that there are, with nothing but a reason: `suspend`, `resume`, `terminate` as Dapr has them, and `cancel`,
 * `restart`, `rewind`.
 */

interface Simple {
  readonly verb: string;
  readonly summary: string;
  readonly description: string;
  readonly operation: JobOperation;
  /** The last part of the route. */
  readonly route: string;
  readonly done: (id: string) => string;
}

const SUSPEND: Simple = {
  verb: "suspend",
  summary: "suspend a workflow in progress",
  description: "Suspend workflows in progress: they take no turn until they are resumed.",
  operation: "pause",
  route: "pause",
  done: (id) => `Workflow '${id}' suspended successfully`,
};
const RESUME: Simple = {
  verb: "resume",
  summary: "resume a workflow that is suspended",
  description: "Resume workflows that are suspended.",
  operation: "resume",
  route: "resume",
  done: (id) => `Workflow '${id}' resumed successfully`,
};
const CANCEL: Simple = {
  verb: "cancel",
  summary: "ask a workflow to end, so that its code can clean up",
  description: "Ask workflows, and their children, to end. Their code gets an error where it waits, and may clean up.",
  operation: "cancel",
  route: "cancel",
  done: (id) => `Workflow '${id}' asked to cancel successfully`,
};
const RESTART: Simple = {
  verb: "restart",
  summary: "start an instance anew, under its ID and with its input",
  description: "Terminate what runs, then start it anew with its name, input and attributes, on the latest version.",
  operation: "restart",
  route: "restart",
  done: (id) => `Workflow '${id}' restarted successfully`,
};
const REWIND: Simple = {
  verb: "rewind",
  summary: "let a failed instance go on from the call that has failed",
  description: "Let instances that have FAILED go on: the call at which their code has failed is made again.",
  operation: "rewind",
  route: "rewind",
  done: (id) => `Workflow '${id}' rewound successfully`,
};

export function addDaprActions(program: Command): void {
  addSimple(program, SUSPEND);
  addSimple(program, RESUME);
  addTerminate(program);
}

export function addActions(program: Command): void {
  for (const action of [CANCEL, RESTART, REWIND]) addSimple(program, action);
}

function addSimple(program: Command, { verb, summary, description, operation, route, done }: Simple): void {
  const command = program.command(verb).summary(summary).description(description);
  talks<TargetFlags>(targets(command), ({ operands, options, server }) =>
    act(server, operands, options, {
      verb,
      operation,
      apply: async (id) => {
        await operate(server, id, route, { reason: options.reason });
        await info(done(id));
      },
    }),
  );
}

interface TerminateFlags extends TargetFlags {
  readonly output?: string;
  readonly nonRecursive?: true;
}

function addTerminate(program: Command): void {
  const command = program
    .command("terminate")
    .summary("terminate a workflow in progress")
    .description("Terminate workflows in progress, and their children.")
    .option("-o, --output <json>", "Optional output data for the workflow in JSON string format")
    .option("--non-recursive", "leave the children");
  talks<TerminateFlags>(targets(command), terminate);
}

function terminate({ operands, options, server }: CalledWithServer<TerminateFlags>): Promise<ExitCode | undefined> {
  const { reason, nonRecursive, output } = options;
  const given = output === undefined ? {} : { output: jsonOrText(output) };
  return act(server, operands, options, {
    verb: "terminate",
    operation: "terminate",
    fields: { ...given, ...(nonRecursive && { nonRecursive }) },
    apply: async (id) => {
      await operate(server, id, "terminate", { nonRecursive, reason }, output === undefined ? undefined : given);
      await info(`Workflow '${id}' terminated successfully`);
    },
  });
}

export function operate(
  server: Server,
  id: string,
  route: string,
  query: Query,
  body?: string | object,
): Promise<unknown> {
  return server.post("workflows", [id, route], query, body);
}

/** Where a body of JSON holds it: what is no JSON is a text. */
export function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
