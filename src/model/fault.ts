import { describeFailure } from "./failure.ts";

const MAX_LENGTH = 300;

/**
 * The message of an error that nobody expected, for the log: one line, bounded, and without what it quotes, because a quoted text
 * may be of a payload (`Unexpected token 'h', "hello" is not valid JSON`). A single name stays, where it is not in double quotes
 * (`reading 'start'`) and the error is none of reading a text.
 */
export function faultMessage(thrown: unknown): string {
  // Whatever else is thrown has no message of its own: its text may be anything.
  const { errorType, message } = thrown instanceof Error ? describeFailure(thrown) : { errorType: "", message: "" };
  const unquoted = message
    .slice(0, 4 * MAX_LENGTH)
    .replace(/".*"/gs, '"…"')
    .replace(/(['`])(.*?)\1/gs, (quoted, quote: string, text: string) =>
      errorType !== "SyntaxError" && /^[\w.$#-]{1,64}$/.test(text) ? quoted : `${quote}…${quote}`,
    )
    // An opening quote that a cut has left without its end.
    .replace(/(?<=^|[\s(:,])["`'][^"'`…]*$/, "…")
    .replace(/[\s\p{Cc}]+/gu, " ");
  return unquoted.length > MAX_LENGTH ? `${unquoted.slice(0, MAX_LENGTH)}…` : unquoted;
}
