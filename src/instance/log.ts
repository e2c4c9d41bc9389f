import { LOG_LEVELS, type LogLevel, type LogLine } from "../model/log.ts";

/** Logs as JSON, one line each, what is of this level or above. */
export function logFrom(level: LogLevel): (line: LogLine) => void {
  const least = LOG_LEVELS.indexOf(level);
  return (line) => {
    if (LOG_LEVELS.indexOf(line.level) >= least) console.log(JSON.stringify(line));
  };
}
