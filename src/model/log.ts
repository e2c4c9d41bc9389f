export const LOG_LEVELS = ["info", "warn", "error", "none"] as const;

/** From which level on lines are logged: all, those with a reason to look, those of faults, none. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One structured line. Never a payload, a token or a query. */
export type LogLine = Readonly<Record<string, unknown>> & {
  readonly level: Exclude<LogLevel, "none">;
  readonly msg: string;
};

/** A message, or a reason, is that of whoever has written it: of any length and with any line breaks. */
const MAX_TEXT_LENGTH = 1_024;

/** A text as it stands in a line of the log. */
export function oneLine(text: string): string {
  const begin = text.slice(0, MAX_TEXT_LENGTH).toWellFormed();
  const line = begin.replace(/[\s\p{Cc}]+/gu, " ");
  return text.length > MAX_TEXT_LENGTH ? `${line}…` : line;
}
