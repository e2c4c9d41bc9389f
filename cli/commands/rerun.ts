import type { Command } from "commander";
import { type CalledWithServer, jsonOrText, talks, wholeNumber } from "../command.ts";
import { type ExitCode, usage } from "../errors.ts";
import { act, type TargetFlags, targets } from "../targets.ts";
import { info } from "../terminal/output.ts";

/*
 * `rerun`: what has ended is run again as another instance, from its beginning or from one of its calls.
 */

interface Flags extends TargetFlags {
  readonly eventId?: number;
  readonly newInstanceId?: string;
  readonly input?: string;
}

export function addRerun(program: Command): void {
  const command = program
    .command("rerun")
    .summary("re-run a workflow instance")
    .description(
      "Rerun a workflow instance from the beginning or a specific event. Optionally, a new instance ID and input to the starting event can be provided.",
    )
    .option(
      "-e, --event-id <id>",
      "The event ID from which to re-run the workflow (default: from the beginning)",
      wholeNumber("--event-id", 0, 0xffff_ffff),
    )
    .option("--new-instance-id <id>", "Optional new ID for the re-run workflow instance (default: a new one)")
    .option("-x, --input <json>", "Optional input data for the new workflow instance. Accepts a JSON string");
  talks<Flags>(targets(command), rerun);
}

function rerun({ operands, options, server }: CalledWithServer<Flags>): Promise<ExitCode | undefined> {
  const { eventId, newInstanceId, input, reason } = options;
  if (newInstanceId !== undefined && operands.length !== 1) throw usage("--new-instance-id goes with exactly one ID");
  const fields = {
    ...(eventId !== undefined && { eventID: eventId }),
    ...(input !== undefined && { input: jsonOrText(input) }),
  };
  return act(server, operands, options, {
    verb: "rerun",
    operation: "rerun",
    fields,
    apply: async (id) => {
      const body = { ...fields, ...(newInstanceId !== undefined && { newInstanceID: newInstanceId }) };
      const { instanceID } = await server.post<{ instanceID: string }>("workflows", [id, "rerun"], { reason }, body);
      await info(`Rerunning workflow instance: ${instanceID}`);
    },
  });
}
