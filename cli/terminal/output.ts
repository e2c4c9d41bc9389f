import { createColors } from "picocolors";
import { Document, visit } from "yaml";
import { EXIT } from "../errors.ts";
import { type Column, Table } from "./table.ts";
import { oneLine, safeJson } from "./text.ts";

/*
 * All that is written goes through here: what was asked for to stdout, all else to stderr.
 */

const STATUS_COLOURS: Readonly<Record<string, "green" | "red" | "yellow" | "cyan" | "magenta" | "dim">> = {
  COMPLETED: "green",
  FAILED: "red",
  TERMINATED: "red",
  CANCELED: "yellow",
  SUSPENDED: "yellow",
  STALLED: "magenta",
  RUNNING: "cyan",
  RESUMED: "cyan",
  PENDING: "dim",
};

function hasColours(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== "0";
  return stream.isTTY === true && TERM !== "dumb";
}

export const colours = createColors(hasColours(process.stdout));
const errorColours = createColors(hasColours(process.stderr));

export function paintStatus(text: string, status: string): string {
  const colour = STATUS_COLOURS[status];
  return colour === undefined ? text : colours[colour](text);
}

/** Whoever reads a pipe may go before all is written: `| head`. Then there is nothing left to do, and nothing to tell. */
export function endQuietlyOnClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      process.exit(EXIT.done);
    });
}

/** Of the terminal; `undefined` in a pipe, where nothing is cut. */
export function terminalWidth(): number | undefined {
  return process.stdout.isTTY ? process.stdout.columns || 80 : undefined;
}

/** Resolves once the reader keeps up: a long list into a slow pipe is not held in memory. */
export async function write(text: string): Promise<void> {
  if (process.stdout.write(text)) return;
  await new Promise<void>((resolve) => process.stdout.once("drain", resolve));
}

export function writeLine(line: string): Promise<void> {
  return write(`${line}\n`);
}

/** Dapr's signs stand before such lines on a terminal alone, so that scripts get the text as it is. */
export function info(text: string): Promise<void> {
  return writeLine(`${process.stdout.isTTY ? "ℹ️  " : ""}${oneLine(text)}`);
}

export function success(text: string): Promise<void> {
  return writeLine(`${process.stdout.isTTY ? "✅  " : ""}${oneLine(text)}`);
}

/** Something beside the answer: on stderr, so that a pipe has the answer alone. */
export function note(text: string): void {
  process.stderr.write(`${errorColours.dim(oneLine(text))}\n`);
}

/** Dapr's answer where nothing is found: it is no error. */
export function nothingFound(text: string): void {
  process.stderr.write(`${process.stderr.isTTY ? "❌  " : ""}${oneLine(text)}\n`);
}

/** `text` may have several lines, whose control characters were written out. */
export function complain(text: string): void {
  process.stderr.write(`${errorColours.red("error:")} ${text}\n`);
}

export async function writeTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): Promise<void> {
  for (const line of new Table(columns, terminalWidth()).add(rows)) await writeLine(line);
}

export function writeJson(value: unknown): Promise<void> {
  return writeLine(safeJson(JSON.stringify(value, undefined, 2)));
}

export function writeJsonLine(value: unknown): Promise<void> {
  return writeLine(safeJson(JSON.stringify(value)));
}

export function writeYaml(value: unknown): Promise<void> {
  return write(yamlOf(value));
}

/** Escapes are some in double quotes alone, which the library puts around control characters and not around what turns the order around. */
export function yamlOf(value: unknown): string {
  const document = new Document(value);
  visit(document, {
    Scalar(_, scalar) {
      if (typeof scalar.value === "string" && safeJson(scalar.value) !== scalar.value) scalar.type = "QUOTE_DOUBLE";
    },
  });
  return safeJson(document.toString({ lineWidth: 0 }));
}
