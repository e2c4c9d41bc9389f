import type { FailureDetails } from "../model/failure.ts";
import { fitFailure } from "../model/failure-size.ts";
import type { Message } from "../model/message.ts";

/*
 * Code before failures had bounds wrote them as long as they were. One that is too long for a message or an answer kept its
 * instance, or a parent, waiting: it is cut when it is read. What a vault reads in vain is `null`, and is thrown away.
 */

export function readFailure(text: string | undefined): FailureDetails {
  return fitted(JSON.parse(text ?? "{}"));
}

export function readMessage(text: string): Message {
  const message = JSON.parse(text) as Message | null;
  if (message?.type !== "ChildEnded" || message.outcome.ok) return message as Message;
  return { ...message, outcome: { ok: false, failure: fitted(message.outcome.failure) } };
}

function fitted(failure: FailureDetails | null): FailureDetails {
  return failure === null ? { errorType: "", message: "" } : fitFailure(failure);
}
