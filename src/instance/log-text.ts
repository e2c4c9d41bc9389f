import { describeFailure, errorTypeOf, isError } from "../model/failure.ts";
import { oneLine } from "../model/log.ts";
import type { InstancePorts } from "./ports.ts";

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
