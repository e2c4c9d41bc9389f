const LEVELS = ["info", "warn", "error", "none"] as const;

/** From which level on lines are logged: all, those with a reason to look, those of faults, none. */
export type LogLevel = (typeof LEVELS)[number];

/** One structured line. Never a payload, a token or a query. */
export type LogLine = Readonly<Record<string, unknown>> & {
  readonly level: Exclude<LogLevel, "none">;
  readonly msg: string;
};

/** Logs as JSON, one line each, what is of this level or above. */
export function logFrom(level: LogLevel): (line: LogLine) => void {
  const least = LEVELS.indexOf(level);
  return (line) => {
    if (LEVELS.indexOf(line.level) >= least) console.log(JSON.stringify(line));
  };
}
