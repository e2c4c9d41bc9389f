import { childInstanceId } from "../model/ids.ts";
import { checkMessage } from "../model/message-limits.ts";
import { aString, readArgument } from "../model/options.ts";
import { type AttemptCalls, type AttemptOwner, Attempts, type RetriedCall } from "./attempts.ts";
import { type ChildCallOptions, readNoOptions } from "./call-options.ts";
import { CompletableTask } from "./completable-task.ts";
import type { EventDeclaration } from "./declarations.ts";
import { TaskCanceledError } from "./errors.ts";
import { nameOf } from "./names.ts";
import type { Payloads } from "./payload.ts";
import type { Any } from "./signatures.ts";
import type { Task } from "./task.ts";

/** What a call of a child needs of its execution. */
export interface Caller extends AttemptOwner {
  readonly instanceId: string;
  readonly started: { readonly generation: number } | undefined;
  readonly payloads: Payloads;
  /** How often it has been rewound. */
  readonly rewinds: number;
  readonly calls: AttemptCalls & {
    readonly nextId: number;
    made<T extends Task>(task: T, method: string, name: string): T;
  };
}

export function callChild(caller: Caller, name: string, input: unknown, options: ChildCallOptions): ChildTask {
  const { instanceId, retry, searchAttributes } = options;
  const { calls, payloads, started, instanceId: parentId } = caller;
  const encoded = payloads.encode(input, "input", "workflow", name);
  const generation = started?.generation ?? 0;
  const target = (id: number) => instanceId || childInstanceId(parentId, generation, id);
  const method = "callChildWorkflow";
  checkMessage(method, target(calls.nextId), encoded);
  const action: RetriedCall["action"] = (id, { attempt, firstId }) => ({
    type: "StartChild",
    id,
    name,
    input: encoded,
    attempt,
    firstId,
    searchAttributes,
    instanceId: target(id),
  });
  return calls.made(new ChildTask(caller, { method, name, retry, action }, target), method, name);
}

/** The task of a child workflow, and a handle on its current attempt, which is the latest that was asked for. */
export class ChildTask<T = unknown> extends CompletableTask<T> {
  readonly #caller: Caller;
  readonly #attempts: Attempts;
  readonly #targetOf: (id: number) => string;
  /** How often the execution had been rewound when the child was asked to end: a rewind may begin it again. No other attempt comes behind it. */
  #canceledIn: number | undefined;

  /** @internal Makes the call. `targetOf`: the instance ID of the attempt with this number. */
  constructor(caller: Caller, call: RetriedCall, targetOf: (id: number) => string) {
    super();
    this.#caller = caller;
    this.#targetOf = targetOf;
    this.#attempts = new Attempts(caller.calls, caller, this, call);
    this.#attempts.begin();
  }

  /** Of the current attempt: where each attempt has an ID of its own, it changes with them. Whoever has the task may read it. */
  get instanceId(): string {
    return this.#attempts.recordedId ?? this.#targetOf(this.#attempts.latestId);
  }

  /**
   * Asks the child to end: it gets a WorkflowCanceledError where it waits, and the call is not tried again. Whoever waits for the task gets
   * what the child's end gives, and not before that. In the pause before another attempt no child runs: the task fails at once with a
   * TaskCanceledError. False, and nothing is done, when the task has ended; the same attempt is asked once. A call as those of the context.
   *
   *     if (winner !== shipping) shipping.cancel("the customer has changed their mind");
   */
  cancel(reason?: string | null): boolean {
    const { calls, rewinds } = this.#caller;
    calls.watch.check("cancel");
    const text = readArgument(aString, reason, "reason", "cancel", this.callName)?.toWellFormed();
    const { instanceId } = this;
    checkMessage("cancel", instanceId, text);
    if (this.isComplete) return false;
    const taskId = this.#attempts.latestId;
    if (this.#attempts.stop()) this.settleFailed(new TaskCanceledError(this.madeBy as string));
    else if (this.#canceledIn !== rewinds)
      calls.ask(undefined, (id) => ({ type: "CancelChild", id, taskId, instanceId, reason: text }));
    this.#canceledIn = rewinds;
    return true;
  }

  /**
   * Raises an event on the child, once, in the order of the calls and after its start; without a payload `null`. An attempt that comes later
   * does not get it, whatever its ID. False, and nothing is sent, when no attempt runs: the task has ended, or is in the pause before another
   * one. True says that it is on its way: a child that has just ended loses it. A call as those of the context.
   *
   *     shipping.sendEvent(addressChanged, { city: "Bern" });
   */
  sendEvent<TPayload>(event: EventDeclaration<TPayload>, payload: TPayload): boolean;
  sendEvent(event: string, payload?: unknown): boolean;
  sendEvent(event: string | EventDeclaration<Any>, payload?: unknown, options?: null): boolean {
    readNoOptions(options, "sendEvent", "it sends one payload, its second argument");
    const name = nameOf(event);
    const { calls, payloads } = this.#caller;
    calls.watch.check("sendEvent");
    const input = payloads.encode(payload ?? null, "payload", "event", name);
    const { instanceId } = this;
    checkMessage("sendEvent", instanceId, input);
    if (this.isComplete || this.#attempts.isPausing) return false;
    const taskId = this.#attempts.latestId;
    calls.ask(undefined, (id) => ({ type: "SendChildEvent", id, taskId, name, instanceId, input }));
    return true;
  }
}
