import type { ExecutionStarted, UpdateRequested } from "../model/history-event.ts";
import { Coroutine, MAX_RESUMES_WITHOUT_WAIT, type Step, tooManyResumes } from "./coroutine.ts";
import { OrchestratorNotRegisteredError, WorkflowCanceledError } from "./errors.ts";
import { ExecutionContext } from "./execution-context.ts";
import type { ExecutionEnd } from "./execution-end.ts";
import type { ExecutionState } from "./execution-state.ts";
import type { Registry } from "./registry.ts";
import { versionNotAvailable } from "./stall.ts";
import type { Task } from "./task.ts";
import { WorkflowContext } from "./workflow-context.ts";

/** The code that an execution runs. */
export interface ExecutionCode {
  readonly registry: Registry;
  /** What becomes of an execution whose code does something else than its history says, or is gone. Default "stall". */
  readonly onNonDeterminism?: "fail" | "stall" | undefined;
}

/**
 * The code of one execution while it runs: the workflow's, and that of its updates. Whatever lets it go on lets it go as far as
 * it can, and hands to `ExecutionEnd` what it has come to. A promise is given only where code runs.
 */
export class CodeRun {
  /** `undefined`: the code is not run (any more). Only what others decide still happens: suspend, resume, terminate. */
  #code: ExecutionCode | undefined;
  readonly #state: ExecutionState;
  readonly #end: ExecutionEnd;
  readonly #coroutine: Coroutine;

  constructor(code: ExecutionCode | undefined, state: ExecutionState, end: ExecutionEnd) {
    this.#code = code;
    this.#state = state;
    this.#end = end;
    this.#coroutine = new Coroutine(state.calls.watch);
  }

  get hasCode(): boolean {
    return this.#code !== undefined;
  }

  giveUpCode(): void {
    this.#code = undefined;
  }

  /** What the workflow's own code waits for; its updates may wait for something else. */
  get waitingFor(): Task | undefined {
    return this.#coroutine.waitingFor;
  }

  /** False where `drive` would change nothing. */
  get mayGoOn(): boolean {
    const { branches, conditions, interactions, continuation } = this.#state;
    if (this.#coroutine.canResume || branches.canGoOn) return true;
    return conditions.areAwaited || !interactions.areIdle || continuation !== undefined;
  }

  async start(event: ExecutionStarted): Promise<void> {
    if (this.#state.started !== undefined)
      throw new Error(`A second ExecutionStarted in the history of '${this.#state.instanceId}'`);
    this.#state.begin(event);
    if (this.#code === undefined) return;
    const { version } = this.#state;
    const found = this.#code.registry.workflow(event.name, version);
    if (found.type === "not registered") return this.#notRegistered(event, this.#code);
    if (found.type === "version not available") return this.#end.stallAs(versionNotAvailable(version));
    const context = new WorkflowContext(new ExecutionContext(this.#state));
    let input: unknown;
    try {
      input = this.#state.payloads.decode(event.input, "input", "workflow", event.name);
    } catch (error) {
      return this.#end.fail(error);
    }
    const settled = this.#settle(await this.#coroutine.start(() => found.workflow(context, input), this.#end.enough));
    if (settled !== undefined) await settled;
    await this.drive();
  }

  /** As in Dapr, a new instance fails. One that has begun waits for its code: a deploy may have forgotten it. */
  #notRegistered({ name, generation }: ExecutionStarted, { registry, onNonDeterminism }: ExecutionCode): void {
    const error = new OrchestratorNotRegisteredError(name, registry.names().workflows);
    const hasBegun = this.#state.replaying || generation > 0;
    if (hasBegun && onNonDeterminism !== "fail")
      return this.#end.stallAs({ reason: "WORKFLOW_NOT_REGISTERED", message: error.message });
    this.giveUpCode();
    this.#end.fail(error);
  }

  async beginUpdate(event: UpdateRequested): Promise<void> {
    if (this.#code !== undefined) await this.#state.interactions.begin(event, this.#end.enough);
    await this.drive();
  }

  /** Whoever waits gets an error, once; what the code does then is up to it. */
  async cancel(reason: string | undefined): Promise<void> {
    this.#end.askForCancel();
    // Its code, which is not run any more, may have gone on: the terminate, for whose sake it is not run, ends it.
    if (this.#code === undefined) return;
    this.#state.calls.stopRetries();
    await this.#state.branches.cancel(reason, this.#end.enough);
    if (!this.#end.enough())
      await this.#settle(await this.#coroutine.interrupt(new WorkflowCanceledError(reason), this.#end.enough));
    await this.drive();
  }

  /** A retry handler of the author's decides before the next event is applied. */
  async driveAfter(decided: Promise<void>): Promise<void> {
    await decided;
    await this.drive();
  }

  /** The workflow's own code waits, or has come to its end. Branches that it has called off on its way end before it. */
  #settle(step: Step): void | Promise<void> {
    const { branches } = this.#state;
    if (!branches.areToEnd) return this.#end.settle(step);
    return branches.end(this.#end.enough).then(() => this.#end.settle(step));
  }

  /** Lets the workflow, its branches and its updates go on until all of them wait. */
  async drive(): Promise<void> {
    const { branches, conditions, interactions } = this.#state;
    const { enough } = this.#end;
    for (let rounds = 0; !enough(); rounds++) {
      if (rounds === MAX_RESUMES_WITHOUT_WAIT) this.#end.fail(tooManyResumes());
      else if (branches.areToEnd) await branches.end(enough);
      else if (this.#coroutine.canResume) {
        const settled = this.#settle(await this.#coroutine.resume(enough));
        if (settled !== undefined) await settled;
      } else if (branches.canGoOn) await branches.goOn(enough);
      else if (interactions.canResume) await interactions.resume(enough);
      else if (!conditions.meet()) break;
    }
    this.#end.settleContinuation();
  }
}
