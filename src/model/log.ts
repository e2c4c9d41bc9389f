export const LOG_LEVELS = ["info", "warn", "error", "none"] as const;

/** From which level on lines are logged: all, those with a reason to look, those of faults, none. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One structured line. Never a payload, a token or a query. */
export type LogLine = Readonly<Record<string, unknown>> & {
  readonly level: Exclude<LogLevel, "none">;
  readonly msg: string;
};
