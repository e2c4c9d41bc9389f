import { describeFailure } from "./failure.ts";

const MAX_LENGTH = 300;

/**
 * The message of an error that nobody expected, for the log: one line, bounded, and without what it quotes, because a quoted text
 * may be of a payload (`Unexpected token 'h', "hello" is not valid JSON`). A single name in single quotes stays
 * (`reading 'start'`), unless the error is one of reading a text.
 */
export function faultMessage(thrown: unknown): string {
  // Whatever else is thrown has no message of its own: its text may be anything.
  const { errorType, message } = thrown instanceof Error ? describeFailure(thrown) : { errorType: "", message: "" };
  const unquoted = message
    .slice(0, 4 * MAX_LENGTH)
    .replace(/".*"|`.*`/gs, '"…"')
    .replace(/'([^']*)'/g, (quoted, text: string) =>
      errorType !== "SyntaxError" && /^[\w.$#-]{1,64}$/.test(text) ? quoted : "'…'",
    )
    // An opening quote that a cut has left without its end.
    .replace(/(?<=^|[\s(:,])["`'][^"'`…]*$/, "…")
    .replace(/[\s\p{Cc}]+/gu, " ");
  return unquoted.length > MAX_LENGTH ? `${unquoted.slice(0, MAX_LENGTH)}…` : unquoted;
}
