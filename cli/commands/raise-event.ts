import type { Command } from "commander";
import { type CalledWithServer, jsonOrText, talks } from "../command.ts";
import { type ExitCode, usage } from "../errors.ts";
import { act, type TargetFlags, targets } from "../targets.ts";
import { info } from "../terminal/output.ts";

/*
 * `raise-event ID/EVENT` as Dapr has it; `--event EVENT` for several instances, for a query, and for IDs with a slash.
 */

interface Flags extends TargetFlags {
  readonly input?: string;
  readonly event?: string;
}

export function addRaiseEvent(program: Command): void {
  const command = program
    .command("raise-event")
    .summary("raise an event for a workflow that waits for it")
    .description(
      "Raise an event for a workflow waiting for an external event. Expects a single argument '<instance-id>/<event-name>'; with --event, IDs.",
    )
    .option("-x, --input <json>", "Optional payload of the event. Accepts a JSON string")
    .option("--event <name>", "the event, where it does not stand behind the ID");
  talks<Flags>(targets(command, "<instance-id>/<event-name>; with --event: IDs of instances, or `latest`"), raiseEvent);
}

function raiseEvent({ operands, options, server }: CalledWithServer<Flags>): Promise<ExitCode | undefined> {
  const { input, reason } = options;
  const { ids, event } = targetsOf(operands, options);
  return act(server, ids, options, {
    verb: "raise an event on",
    operation: "raise",
    fields: { eventName: event, ...(input !== undefined && { payload: jsonOrText(input) }) },
    apply: async (id) => {
      await server.post("workflows", [id, "raiseEvent", event], { reason }, input);
      await info(`Workflow '${id}' raised event '${event}' successfully`);
    },
  });
}

function targetsOf(operands: readonly string[], { event, query }: Flags): { ids: readonly string[]; event: string } {
  if (event !== undefined) return { ids: operands, event };
  if (query !== undefined) throw usage("with --query, --event says which event");
  const [id, name, ...rest] = operands.length === 1 ? (operands[0] ?? "").split("/") : [];
  if (!id || !name || rest.length > 0) throw usage("the argument must be in the format '<instance-id>/<event-name>'");
  return { ids: [id], event: name };
}
