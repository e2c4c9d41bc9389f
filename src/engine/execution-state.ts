import type { ExecutionStarted } from "../model/history-event.ts";
import {
  type AttributeChanges,
  mergeAttributes,
  ownAttributes,
  type SearchAttributes,
} from "../model/search-attributes.ts";
import { Branches } from "./branches.ts";
import { type CallOwner, Calls } from "./calls.ts";
import { Conditions } from "./conditions.ts";
import type { Continuation } from "./continuation.ts";
import { FarAhead } from "./far-ahead.ts";
import { Interactions } from "./interactions.ts";
import { Mailbox } from "./mailbox.ts";
import { Patches } from "./patches.ts";
import { jsonPayloads, type Payloads } from "./payload.ts";
import { SeededRandom } from "./random.ts";
import type { Registry } from "./registry.ts";

/**
 * What one execution holds while its code runs: calls, waits, handlers, patches, status, and where it is in its history.
 * `Execution` and what it is made of tell it the time and what has come, and take from here what the code has asked for;
 * the code changes it by way of its `ExecutionContext`.
 */
export class ExecutionState implements CallOwner {
  readonly instanceId: string;
  /** That of the code, where any is run. */
  readonly registry: Registry | undefined;
  readonly timerCanceled: (id: number) => void;
  readonly calls: Calls;
  readonly patches: Patches;
  readonly interactions: Interactions;
  readonly mailbox: Mailbox;
  readonly conditions = new Conditions();
  readonly branches: Branches;
  readonly farAhead = new FarAhead();
  readonly payloads: Payloads;
  started: ExecutionStarted | undefined;
  currentTimeMs = 0;
  replaying = false;
  /** Where the event stands in the history that is applied now. */
  historyIndex = -1;
  /** How often the execution has been rewound. */
  rewinds = 0;
  customStatus: string | undefined;
  searchAttributes: SearchAttributes | undefined;
  continuation: Continuation | undefined;
  #random: SeededRandom | undefined;

  readonly #changedVersion: string | undefined;

  /**
   * `recordedPatches`: those that the history holds. `timerCanceled`: nobody waits for that timer any more. `version`: the one that
   * somebody has put the execution on since its start.
   */
  constructor(
    instanceId: string,
    registry: Registry | undefined,
    recordedPatches: readonly string[],
    timerCanceled: (id: number) => void,
    version: string | undefined,
  ) {
    this.instanceId = instanceId;
    this.registry = registry;
    this.patches = new Patches(recordedPatches);
    this.#changedVersion = version;
    this.timerCanceled = timerCanceled;
    this.calls = new Calls(this);
    this.branches = new Branches(this.calls);
    this.payloads = registry?.payloads ?? jsonPayloads;
    this.mailbox = new Mailbox(this.payloads);
    this.interactions = new Interactions(this.calls.watch, this.payloads, (updateId, outcome) =>
      this.calls.note({ type: "EndUpdate", updateId, outcome }),
    );
  }

  begin(started: ExecutionStarted): void {
    const { searchAttributes } = started;
    this.started = started;
    if (searchAttributes !== undefined) this.searchAttributes = ownAttributes(searchAttributes);
  }

  /** What the author should know, in words. `hasEnded`: the execution does not go on. `isDone`: by what its code has done. */
  takeWarnings(hasEnded: boolean, isDone: boolean): string[] {
    const farAhead = this.farAhead.takeWarning();
    const warnings = farAhead === undefined ? [] : [farAhead];
    if (isDone) warnings.push(...this.branches.warnings);
    const forgotten = hasEnded ? this.calls.unheld : 0;
    if (forgotten > 0)
      warnings.push(
        `${forgotten} task(s) of workflow '${this.started?.name}' were made and never waited for. ` +
          "If that is not meant so, a yield is missing before callActivity, createTimer, whenAll or the like.",
      );
    return warnings;
  }

  /** So many events, up to this time. */
  replayed(events: number, nowMs: number): void {
    const { rerunOf } = this.started ?? {};
    if (rerunOf?.events === events) this.calls.putOff(nowMs, rerunOf.delayMs);
  }

  /** What is called behind a continue-as-new is dropped. */
  changeAttributes(changes: AttributeChanges): void {
    const merged = mergeAttributes(this.searchAttributes, changes, "setSearchAttributes");
    if (this.continuation === undefined) this.searchAttributes = merged;
  }

  get branch(): string | undefined {
    return this.branches.atWork;
  }

  /** Which of the registered versions of the workflow the execution runs. */
  get version(): string | undefined {
    return this.#changedVersion ?? this.started?.version;
  }

  /** One stream of chance for the whole execution; made when it is first needed. */
  get chance(): SeededRandom {
    this.#random ??= new SeededRandom(this.started?.seed ?? `${this.instanceId} ${this.started?.executionId}`);
    return this.#random;
  }
}
