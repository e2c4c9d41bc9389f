import type { HistoryEvent } from "../model/history-event.ts";
import type { ExportedHistory } from "./environment.ts";

/**
 * A history as text: what `GET …/history?format=jsonl` answers, a line that names the instance and then an event a line; or the JSON of what
 * the environment, the client or `GET …/history` gives. Throws a TypeError for what is neither, also where the end is missing.
 */
export function readHistoryText(text: string): ExportedHistory | readonly HistoryEvent[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const [first, ...events] = lines.map((line, n) => ({ n, value: parsed(line) }));
  // JSON that somebody has made readable stands on several lines, of which none is a value by itself.
  if (first === undefined || first.value === undefined || (lines.length === 1 && !isHeader(first.value)))
    return wholeValue(text);
  const broken = events.find(({ value }) => value === undefined);
  if (broken !== undefined)
    throw new TypeError(`Line ${broken.n + 1} of the history is no JSON: it may have been cut off in the middle`);
  const values = events.map(({ value }) => value as HistoryEvent);
  return isHeader(first.value)
    ? { instanceId: first.value.instanceId, events: values }
    : [first.value as HistoryEvent, ...values];
}

function isHeader(value: object): value is { instanceId: string } {
  return "instanceId" in value && typeof value.instanceId === "string" && !("type" in value) && !("events" in value);
}

function wholeValue(text: string): ExportedHistory | readonly HistoryEvent[] {
  const value = parsed(text);
  if (value === undefined)
    throw new TypeError("The text is no history: neither JSON, nor a line of JSON for each event");
  return value as ExportedHistory;
}

/** `undefined`: it is no object or array. */
function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
