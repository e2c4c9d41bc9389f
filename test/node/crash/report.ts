// The campaigns' commands: their options, what they print, and how they end.
import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Violation } from "./faults.ts";
import { HarnessError } from "./harness.ts";

/** Options that are whole numbers above 0: how each is read. A wrong one ends the command: it says nothing of the engine. */
export function optionsOf<Name extends string>(
  command: string,
  names: readonly Name[],
): (name: Name, otherwise: number) => number {
  const refuse = (text: string): never => {
    console.error(`${command}: ${text}`);
    process.exit(2);
  };
  const read = (): Readonly<Record<string, string | boolean | undefined>> => {
    try {
      return parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: "string" } as const])) })
        .values;
    } catch (error) {
      return refuse(error instanceof Error ? error.message : String(error));
    }
  };
  const values = read();
  return (name, otherwise) => {
    const value = Number(values[name] ?? otherwise);
    if (Number.isSafeInteger(value) && value > 0) return value;
    return refuse(`--${name} takes a whole number above 0, found ${JSON.stringify(values[name])}`);
  };
}

/** For a campaign that has not come to its end. */
export function giveUp(error: unknown): never {
  if (!(error instanceof HarnessError)) throw error;
  console.error(`The harness has failed, which says nothing about the engine. ${error.message}`);
  process.exit(2);
}

interface Faults {
  readonly violations: readonly Violation[];
  readonly harness: readonly string[];
}

export function report(rows: readonly (readonly [title: string, value: string | number])[], faults: Faults): void {
  for (const { what, text } of faults.violations.slice(0, 50)) console.error(`${what}: ${text}`);
  for (const text of faults.harness.slice(0, 50)) console.error(`harness: ${text}`);
  const width = Math.max(...rows.map(([title]) => title.length));
  for (const [title, value] of rows) console.log(`${title.padEnd(width)}  ${value}`);
}

/** The databases of a campaign that has found something are looked into. */
export function endWith(exitCode: number, directory: string): void {
  process.exitCode = exitCode;
  if (exitCode !== 0) console.error(`The databases are kept in ${directory}`);
  else rmSync(directory, { recursive: true, force: true });
}
