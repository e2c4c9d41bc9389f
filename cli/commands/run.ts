import type { Command } from "commander";
import { type CalledWithServer, operandOf, pairs, talks } from "../command.ts";
import { type ExitCode, usage } from "../errors.ts";
import type { Query } from "../server.ts";
import { info } from "../terminal/output.ts";
import { momentOf, patienceMs } from "../times.ts";
import { waitFor } from "../waiting.ts";

/*
 * `run`: starts an instance.
 */

interface Flags {
  readonly instanceId?: string;
  readonly input?: string;
  readonly startTime?: string;
  readonly reuse?: string;
  readonly retention?: string;
  readonly attr?: Readonly<Record<string, string>>;
  readonly reason?: string;
  readonly wait?: true;
  readonly timeout?: string;
}

export function addRun(program: Command): void {
  const command = program
    .command("run")
    .summary("start a workflow instance")
    .description("Start a workflow instance of the workflow with the given name.")
    .argument("<name>", "the name of the workflow")
    .option("-i, --instance-id <id>", "The target workflow instance ID (default: a new one)")
    .option("-x, --input <json>", "Optional input data for the new workflow instance. Accepts a JSON string")
    .option(
      "-s, --start-time <time>",
      "Optional start time in RFC 3339 or Go duration format. With any, the command does not wait for the start",
    )
    .option("--reuse <policy>", "of an ID that is in use: replace, reject, ignore or terminate")
    .option("--retention <duration>", "how long after its end the instance is kept, such as 24h")
    .option("--attr <key=value>", "a search attribute; may be given several times", pairs("--attr"))
    .option("-r, --reason <text>", "why, for the history")
    .option("--wait", "wait until the instance has ended; exit code 5 where it has not COMPLETED")
    .option("--timeout <duration>", "with --wait: at most so long; then exit code 124");
  talks<Flags>(command, run);
}

async function run({ operands, options, server }: CalledWithServer<Flags>): Promise<ExitCode | undefined> {
  const { input, startTime, reuse, retention, reason, attr = {} } = options;
  if (options.timeout !== undefined && options.wait !== true) throw usage("--timeout goes with --wait");
  const at = startTime === undefined ? undefined : momentOf("--start-time", startTime, "future").toISOString();
  const timeoutMs = options.timeout === undefined ? undefined : patienceMs("--timeout", options.timeout);
  const attributes = Object.entries(attr).map(([key, value]) => [`attr.${key}`, value]);
  const query: Query = {
    instanceID: options.instanceId,
    startTime: at,
    reuse,
    retention,
    reason,
    ...Object.fromEntries(attributes),
    // Dapr answers when the instance has begun; where it does not within this, it goes on all the same.
    ...(at === undefined && { waitFor: "started", timeoutSeconds: 10, fetchPayloads: false }),
  };
  const started = await server.post<{ instanceID: string }>("workflows", [operandOf(operands), "start"], query, input);
  await info(`Workflow instance started successfully: ${started.instanceID}`);
  return options.wait === true ? waitFor(server, [started.instanceID], { timeoutMs, output: "short" }) : undefined;
}
