import type { ParentLink } from "../model/history-event.ts";
import type { AttributeChanges, SearchAttributes } from "../model/search-attributes.ts";
import type { BranchTask } from "./branch-task.ts";
import type {
  ActivityCallOptions,
  ChildCallOptions,
  ContinueAsNewOptions,
  DetachedCallOptions,
} from "./call-options.ts";
import type { ChildTask } from "./child-task.ts";
import type { CancelableTask } from "./completable-task.ts";
import type { WhenAllTask, WhenAnyTask } from "./composite-task.ts";
import type { Target } from "./function-names.ts";
import type { QueryHandler, UpdateHandler, UpdateValidator } from "./interactions.ts";
import type { Task } from "./task.ts";

/**
 * What a running execution offers to its workflow, behind the WorkflowContext: names, options and times have been read there.
 * Times are in milliseconds.
 */
export interface OrchestrationContext {
  readonly instanceId: string;
  readonly currentTimeMs: number;
  readonly isReplaying: boolean;
  readonly parent: ParentLink | undefined;
  readonly version: string | undefined;
  readonly searchAttributes: SearchAttributes;
  /** The name that a call of this activity, or workflow, is recorded with. */
  activityName(target: Target): string;
  checkInput(activityName: string, input: unknown): void;
  workflowName(target: Target): string;
  callActivity(name: string, input: unknown, options: ActivityCallOptions): Task<unknown>;
  callChild(name: string, input: unknown, options: ChildCallOptions): ChildTask;
  createTimer(fireAtMs: number): CancelableTask;
  waitForExternalEvent(name: string, timeoutMs: number | undefined): CancelableTask;
  waitForCondition(holds: () => boolean): Task<unknown>;
  branch(generator: unknown, name: string | undefined): BranchTask;
  whenAll(parts: readonly unknown[]): WhenAllTask;
  whenAny(parts: readonly unknown[]): WhenAnyTask;
  /** Throws unless the workflow's code is at work. */
  check(method: string): void;
  /** The same for what a query may do, too. */
  checkTurn(method: string): void;
  scheduleNewWorkflow(name: string, input: unknown, options: DetachedCallOptions): string;
  sendEvent(instanceId: string, name: string, input: unknown): void;
  continueAsNew(input: unknown, saveEvents: boolean, options: ContinueAsNewOptions): void;
  setCustomStatus(status: unknown): void;
  setSearchAttributes(changes: AttributeChanges): void;
  isPatched(name: string): boolean;
  newGuid(): string;
  random(): number;
  setQueryHandler(name: string, handler: QueryHandler): void;
  setUpdateHandler(name: string, handler: UpdateHandler, validator: UpdateValidator | undefined): void;
}
