import { aBoolean, readArgument } from "../model/options.ts";
import type { AttributeChanges } from "../model/search-attributes.ts";
import {
  type ActivityArguments,
  type ActivityOptions,
  type ChildArguments,
  type ChildPlace,
  type ContinueAsNewOptions,
  type DetachedArguments,
  type DetachedWorkflowOptions,
  type EventWaitOptions,
  readActivityOptions,
  readAwaitedEvent,
  readChildOptions,
  readContinueOptions,
  readDetachedOptions,
  readFireAt,
  readFunction,
  readNoOptions,
  readValidator,
  readWaitTimeout,
  type UpdateHandlerOptions,
} from "./call-options.ts";
import type { ChildTask } from "./child-task.ts";
import type { CancelableTask } from "./completable-task.ts";
import type { EventDeclaration, QueryDeclaration, UpdateDeclaration, WorkflowDeclaration } from "./declarations.ts";
import type { QueryHandler, UpdateHandler } from "./interactions.ts";
import { JoiningContext } from "./joining-context.ts";
import { nameOf } from "./names.ts";
import type { OrchestrationContext } from "./orchestration-context.ts";
import type { Any, AnyActivity, Handled, OutputOfActivity, OutputOfWorkflow } from "./signatures.ts";
import type { Task } from "./task.ts";

/** A workflow: a generator function (`function*` or `async function*`), or a function that needs to wait for nothing. */
export type TWorkflow = (context: WorkflowContext, input: Any) => Any;

/** A workflow: the function itself, its declaration, or its registered name. */
export type AnyWorkflow = string | TWorkflow | WorkflowDeclaration<Any, Any>;

/**
 * The first argument of every workflow: Dapr's JavaScript WorkflowContext, method for method, and what its users have asked for.
 * What stands here only the workflow's own code calls, in its turn (T34); branches and
 * waits for several things are in `JoiningContext`, what anybody may read is in `ReadableContext`.
 */
export class WorkflowContext extends JoiningContext {
  readonly #inner: OrchestrationContext;

  constructor(innerContext: OrchestrationContext) {
    super(innerContext);
    this.#inner = innerContext;
  }

  /** @internal For what acts by calls of a context, and checks them beforehand. */
  static innerOf(context: WorkflowContext): OrchestrationContext {
    return context.#inner;
  }

  /**
   * A durable timer. A number is in seconds from `getCurrentUtcDateTime()`; a time that has passed fires at once.
   * Never fires early. `cancel()` calls it off. Throws a RangeError for NaN, an infinity or an invalid date.
   */
  createTimer(fireAt: Date | number): CancelableTask<Any> {
    return this.#inner.createTimer(readFireAt(fireAt, this.#inner.currentTimeMs));
  }

  /**
   * Calls an activity: by itself or by its declaration, and the compiler checks input and result, or by its registered
   * name. The input is passed as JSON. The task fails with a TaskFailedError when the last attempt has failed.
   *
   *     const total = yield* ctx.callActivity(sum, [1, 2], { retry: { maxNumberOfAttempts: 3, firstRetryInterval: 5 } });
   */
  callActivity<A extends AnyActivity>(activity: A, ...args: ActivityArguments<A>): Task<OutputOfActivity<A>>;
  callActivity(activity: AnyActivity, input?: unknown, options?: ActivityOptions | null): Task<Any> {
    const name = this.#inner.activityName(activity);
    return this.#inner.callActivity(name, input, readActivityOptions(options, "callActivity", name));
  }

  /**
   * Starts a workflow and waits for its result. The last argument is its instance ID, or options; without an ID it gets one made from
   * this instance's. Fails with errorType `WorkflowInstanceAlreadyExists` when an instance under that ID has not ended. The task is a
   * handle on the child: `instanceId`, `cancel(reason)`, `sendEvent(name, payload)`.
   *
   *     const receipt = yield* ctx.callChildWorkflow(payment, order, { retry: { maxNumberOfAttempts: 2, firstRetryInterval: 60 } });
   */
  callChildWorkflow<W extends AnyWorkflow>(workflow: W, ...args: ChildArguments<W>): ChildTask<OutputOfWorkflow<W>>;
  callChildWorkflow(workflow: AnyWorkflow, input?: unknown, options?: ChildPlace | null): ChildTask<Any> {
    const name = this.#inner.workflowName(workflow);
    return this.#inner.callChild(name, input, readChildOptions(options, name));
  }

  /** @deprecated The former name of callChildWorkflow. */
  callSubWorkflow<W extends AnyWorkflow>(workflow: W, ...args: ChildArguments<W>): ChildTask<OutputOfWorkflow<W>> {
    return this.callChildWorkflow(workflow, ...args);
  }

  /**
   * The next event of this name, in any letter case. Events raised before the wait are kept for it. With a `timeout`, in
   * seconds, the task fails with a TaskTimeoutError when none has come by then; 0 takes only what has come already, less
   * than 0 waits for ever. `cancel()` gives the wait up; one that loses a `whenAny` takes no event until it is waited
   * for again.
   *
   *     const { by } = yield* ctx.waitForExternalEvent(approval, { timeout: 86_400 });
   */
  waitForExternalEvent<TPayload>(
    event: EventDeclaration<TPayload>,
    options?: EventWaitOptions | null,
  ): CancelableTask<TPayload>;
  waitForExternalEvent(event: string, options?: EventWaitOptions | null): CancelableTask<Any>;
  waitForExternalEvent(event: string | EventDeclaration<Any>, options?: EventWaitOptions | null): CancelableTask<Any> {
    const name = readAwaitedEvent(event);
    return this.#inner.waitForExternalEvent(name, readWaitTimeout(options, name));
  }

  /**
   * Waits until the condition holds. It is asked after each event that reaches the workflow, so it depends on nothing but
   * what the workflow and its update handlers have set, and changes nothing. What it throws, the wait throws. It has no
   * timeout: race it against a timer with `whenAny`.
   */
  waitForCondition(holds: () => boolean, options?: null): Task<void> {
    readNoOptions(options, "waitForCondition", "for a timeout, wait for whenAny of it and of a createTimer");
    return this.#inner.waitForCondition(readFunction(holds, "the condition", "waitForCondition")) as Task<void>;
  }

  /**
   * Starts a workflow that nobody waits for, once, and gives its instance ID: `<this instance>-<call>` unless one is
   * given. With `startAt` it is PENDING until then. It is not terminated, canceled or purged together with this one. If the ID
   * is in use by an instance that has not ended, nothing happens but a warning in the log.
   *
   *     const auditId = ctx.scheduleNewWorkflow(audit, order);
   */
  scheduleNewWorkflow<W extends AnyWorkflow>(workflow: W, ...args: DetachedArguments<W>): string;
  scheduleNewWorkflow(workflow: AnyWorkflow, input?: unknown, options?: DetachedWorkflowOptions | null): string {
    const name = this.#inner.workflowName(workflow);
    return this.#inner.scheduleNewWorkflow(name, input, readDetachedOptions(options, name));
  }

  /**
   * Raises an event on another instance, once, without a payload `null`. Nobody hears whether there is such an instance.
   * Throws a TypeError for an empty ID.
   */
  sendEvent<TPayload>(instanceId: string, event: EventDeclaration<TPayload>, payload: TPayload): void;
  sendEvent(instanceId: string, event: string, payload?: unknown): void;
  sendEvent(instanceId: string, event: string | EventDeclaration<Any>, payload?: unknown, options?: null): void {
    readNoOptions(options, "sendEvent", "it sends one payload, its third argument");
    this.#inner.sendEvent(instanceId, nameOf(event), payload ?? null);
  }

  /**
   * Ends this execution and begins a new one of the same instance with `newInput` and an empty history.
   * `saveEvents` carries over the events that nobody has waited for. What the code calls afterwards is dropped, and so
   * are the calls of the same turn that somebody would have to wait for.
   *
   *     return ctx.continueAsNew({ ...state, round: state.round + 1 }, true);
   */
  continueAsNew(newInput?: unknown, saveEvents?: boolean | null, options?: ContinueAsNewOptions | null): void {
    const saves = readArgument(aBoolean, saveEvents, "saveEvents", "continueAsNew") ?? false;
    this.#inner.continueAsNew(newInput, saves, readContinueOptions(options));
  }

  /**
   * Shown as `dapr.workflow.custom_status` once the turn is on disk, and after the end; gone after a continue-as-new. A string
   * is kept as it is, any other value as JSON; `undefined` and `null` clear it. Throws a RangeError beyond 65,536 characters.
   */
  setCustomStatus(status: unknown): void {
    this.#inner.setCustomStatus(status);
  }

  /**
   * What lists find this instance by, beside those it has; `null` takes one away. Texts, numbers, true, false or arrays of texts: at most 20,
   * and 2,048 bytes as JSON, or it throws a TypeError. Kept over a continue-as-new. Never encrypted. `{ customer: "c995", draft: null }`
   */
  setSearchAttributes(changes: AttributeChanges): void {
    this.#inner.setSearchAttributes(changes);
  }

  /**
   * Whether this execution goes the new way of a change in the code (Dapr 1.17). False only for one that had passed this
   * place before the change was deployed. Call it wherever old and new code part, in the same order in every replay.
   *
   *     if (ctx.isPatched("check first")) yield* ctx.callActivity(check);
   */
  isPatched(patchName: string): boolean {
    return this.#inner.isPatched(nameOf(patchName));
  }

  /** A UUID (version 4) that is the same in every replay. Not for secrets: it comes from the ID of the execution. */
  newGuid(): string {
    return this.#inner.newGuid();
  }

  /** A number from 0 up to, and without, 1 that is the same in every replay; from the same stream as newGuid and the jitter of retries. */
  random(): number {
    return this.#inner.random();
  }

  /**
   * Answers questions about the workflow while it runs, and after its end by running it again. The handler reads what the
   * workflow has set, changes nothing, and calls nothing of the context.
   *
   *     ctx.setQueryHandler("items", () => items);
   */
  setQueryHandler<TInput = Any, TResult = Any>(
    query: string | QueryDeclaration<TInput, TResult>,
    handler: (input: NoInfer<TInput>) => NoInfer<TResult>,
    options?: null,
  ): void {
    readNoOptions(options, "setQueryHandler", "a query has no validator, as it changes nothing");
    const name = nameOf(query);
    this.#inner.setQueryHandler(name, readFunction(handler as QueryHandler, "the handler", "setQueryHandler", name));
  }

  /**
   * Lets others change the workflow and hear the result, durably, and once for each update ID. The handler is a function,
   * or a generator function that waits for tasks as the workflow does. `validator` refuses an update by throwing, and
   * changes nothing. Register handlers before the first `yield`: an update that comes before its handler is refused.
   *
   *     ctx.setUpdateHandler("add", (item: string) => items.push(item));
   */
  setUpdateHandler<TInput = Any, TResult = Any>(
    update: string | UpdateDeclaration<TInput, TResult>,
    handler: (input: NoInfer<TInput>) => Handled<NoInfer<TResult>>,
    options?: UpdateHandlerOptions<NoInfer<TInput>> | null,
  ): void {
    const name = nameOf(update);
    const handle = readFunction(handler as UpdateHandler, "the handler", "setUpdateHandler", name);
    this.#inner.setUpdateHandler(name, handle, readValidator(options, name));
  }
}
