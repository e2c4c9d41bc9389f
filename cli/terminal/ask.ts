import { createInterface } from "node:readline/promises";
import { usage } from "../errors.ts";
import { note } from "./output.ts";

/** Somebody is there to be asked. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true;
}

/** Asks where somebody is there; elsewhere --yes is the only way, and is exit code 2 without it. `many`: how many there are of what. */
export async function isConfirmed(question: string, verb: string, many: string): Promise<boolean> {
  if (!canAsk()) throw usage(`${many}, and nobody is there to be asked: say --yes to ${verb} them`);
  if (await confirms(question)) return true;
  note("Nothing was done");
  return false;
}

/** Only yes is a yes. */
async function confirms(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // Ctrl-C is readline's while it asks; outside of it, it ends the process.
  terminal.on("SIGINT", () => {
    // What is asked stays where it can be read.
    process.stdout.write("\n");
    process.kill(process.pid, "SIGINT");
  });
  try {
    const closed = new Promise<string>((resolve) => terminal.once("close", () => resolve("")));
    const answer = await Promise.race([terminal.question(`${question} [y/N] `), closed]);
    return /^(y|yes)$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
