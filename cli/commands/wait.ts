import type { Command } from "commander";
import { type Format, output, talks } from "../command.ts";
import { instanceIds } from "../listing.ts";
import { patienceMs } from "../times.ts";
import { waitFor } from "../waiting.ts";

interface Flags {
  readonly timeout?: string;
  readonly output: Format;
}

export function addWait(program: Command): void {
  const command = program
    .command("wait")
    .summary("wait until instances have ended")
    .description("Wait until instances have ended. Exit code 5 where one has not COMPLETED, 124 after --timeout.")
    .argument("<id...>", "IDs of instances, or `latest`")
    .option("--timeout <duration>", "at most so long, such as 30s or 5m (default: as long as it takes)");
  talks<Flags>(output(command, ["short", "yaml", "json", "jsonl"]), async ({ operands, options, server }) => {
    const timeoutMs = options.timeout === undefined ? undefined : patienceMs("--timeout", options.timeout);
    return waitFor(server, await instanceIds(server, operands), { timeoutMs, output: options.output });
  });
}
