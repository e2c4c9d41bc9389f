import { CommanderError } from "commander";
import { CliError, EXIT } from "./errors.ts";
import { endOnInterrupt } from "./interrupts.ts";
import { programOf } from "./program.ts";
import { complain, endQuietlyOnClosedPipes } from "./terminal/output.ts";
import { oneLine, safeLines } from "./terminal/text.ts";

/** Runs the command, and sets what the process ends with. */
export async function run(words: readonly string[]): Promise<void> {
  endQuietlyOnClosedPipes();
  endOnInterrupt();
  try {
    await programOf().parseAsync(withoutWorkflow(words), { from: "user" });
  } catch (error) {
    process.exitCode = tell(error);
  }
}

/** `dapr workflow list` without its first word: `workflow`, or `work`, says nothing here. */
function withoutWorkflow(words: readonly string[]): string[] {
  const VALUED = ["--url", "--token", "--component", "--profile", "-a", "--app-id", "-n", "--namespace"];
  const at = words.findIndex((word, n) => !word.startsWith("-") && !VALUED.includes(words[n - 1] ?? ""));
  const isSaid = ["workflow", "work"].includes(words[at] ?? "");
  return isSaid ? words.toSpliced(at, 1) : [...words];
}

function tell(error: unknown): number {
  // Commander has told already, with the usage where that helps.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof CliError) {
    complain(safeLines(error.message));
    return error.exitCode;
  }
  // Of a file that was named, which is not there or may not be written: no fault of this program, so no stack.
  if (error instanceof Error && "syscall" in error) {
    complain(oneLine(error.message));
    return EXIT.failed;
  }
  complain(safeLines(error instanceof Error ? (error.stack ?? error.message) : String(error)));
  return EXIT.failed;
}
