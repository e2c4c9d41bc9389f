import { describeFailure, errorTypeOf, isError } from "../model/failure.ts";
import type { InstancePorts } from "./ports.ts";

/** A message is that of whoever has thrown, of any length and with any line breaks. */
const MAX_MESSAGE_LENGTH = 1_024;

/** A text as it stands in a line of the log. */
export function oneLine(text: string): string {
  const line = text
    .slice(0, MAX_MESSAGE_LENGTH)
    .toWellFormed()
    .replace(/[\s\p{Cc}]+/gu, " ");
  return text.length > MAX_MESSAGE_LENGTH ? `${line}…` : line;
}

/** A message may quote a payload: where payloads are encrypted it stays out, unless that is wished. */
export function messageField(
  { logFailureMessages = true }: Pick<InstancePorts, "logFailureMessages">,
  message: string,
): { readonly message?: string } {
  return logFailureMessages ? { message: oneLine(message) } : {};
}

/** What the log tells of an error that nobody has expected. */
export function errorFields(
  ports: Pick<InstancePorts, "logFailureMessages">,
  error: unknown,
): { readonly errorType: string; readonly message?: string } {
  return { errorType: errorTypeOf(error), ...(isError(error) && messageField(ports, describeFailure(error).message)) };
}
