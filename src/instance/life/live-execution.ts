import type { ExecutionCode } from "../../engine/execution.ts";
import { Orchestration } from "../../engine/orchestration.ts";
import type { Outline, Turn } from "../../engine/turn.ts";
import type { UpdateOutcome } from "../../model/action.ts";
import type { HistoryEvent, HistoryFact } from "../../model/history-event.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import type { InstancePorts } from "../ports.ts";
import { reading, readingInto } from "../reading/index.ts";
import { type DecidedChange, decideChange, type Surroundings } from "./decided-change.ts";
import type { QueuedFact } from "./fact-queue.ts";
import { FormerUpdates } from "./former-updates.ts";

/** What memory has of the history: all of it, as long as no orchestration has been made of it, or that. */
interface Copy {
  history?: readonly HistoryEvent[] | undefined;
  orchestration?: Orchestration | undefined;
}

/** An execution made again from its history, and that history. */
export interface Loaded {
  readonly orchestration: Orchestration;
  readonly history: readonly HistoryEvent[];
  /** What it was made in the place of. */
  readonly from: Copy;
}

/** The execution as memory has it: made from the history when it is needed, dropped when it is not to be trusted. */
export class LiveExecution implements Surroundings {
  readonly #ports: InstancePorts;
  readonly #ofLife: { readonly isClosed: boolean };
  readonly formerUpdates: FormerUpdates;
  /** It has taken a turn, or may have, that is not recorded yet. */
  #deciding: Orchestration | undefined;
  /** The last turn has been begun, or decided, and is not committed. */
  #isUncommitted = false;
  /** Another one whenever what memory holds has changed otherwise than by turns. */
  #copy: Copy = {};
  #isWithoutCode = false;

  /** `formerUpdates`: of the life before. */
  constructor(
    ports: InstancePorts,
    life: { readonly isClosed: boolean },
    formerUpdates: FormerUpdates = new FormerUpdates(),
  ) {
    this.#ports = ports;
    this.#ofLife = life;
    this.formerUpdates = formerUpdates;
  }

  get orchestration(): Orchestration | undefined {
    return this.#copy.orchestration;
  }

  /** The outline of the history as it is recorded, when memory knows it; `undefined`: the database does. */
  get outline(): Outline | undefined {
    return this.#copy.orchestration === this.#deciding ? undefined : this.#copy.orchestration?.outline;
  }

  /** How an update has ended, as it is recorded: in this execution or, lately, in one before. */
  updateOutcome(updateId: string): UpdateOutcome | undefined {
    const orchestration = this.#copy.orchestration;
    if (this.#isUncommitted && orchestration?.hasJustEnded(updateId)) return undefined;
    return orchestration?.updateOutcome(updateId) ?? this.formerUpdates.get(updateId);
  }

  /** It is made again from the history when it is needed: from this one, or from what is read then. */
  drop(history?: readonly HistoryEvent[]): void {
    this.#copy = { history };
  }

  /** All of it is in memory: these keys, and this code, can read it. */
  get isRead(): boolean {
    return this.#copy.orchestration !== undefined || this.#copy.history !== undefined;
  }

  /**
   * Reads what `load` makes the orchestration from; at once where nothing is encrypted. Throws, or rejects with,
   * UnreadableError. Without effect when it is loaded, or dropped, meanwhile.
   */
  read(): void | Promise<void> {
    const copy = this.#copy;
    const use = (history: HistoryEvent[]) => {
      copy.history = history;
    };
    return readingInto(this.#ports, () => this.#ports.store.history(), use)?.catch((error) => {
      if (this.#copy === copy && !this.#ofLife.isClosed) throw error;
    });
  }

  /** The code has held up a turn, or does not fit: it is not run any more, so that the instance can be terminated. */
  giveUpCode(): undefined {
    this.#isWithoutCode = true;
    this.drop();
  }

  get isWithoutCode(): boolean {
    return this.#isWithoutCode;
  }

  /** Makes it from the history; `keep` is to follow, unless something has come between. */
  async load({ instanceId, status }: InstanceRecord): Promise<Loaded | undefined> {
    const from = this.#copy;
    const history = from.history ?? (await reading(this.#ports, () => this.#ports.store.history()));
    if (this.#ofLife.isClosed) return undefined;
    const orchestration = await Orchestration.load(instanceId, this.#code, history, status !== "PENDING");
    return { orchestration, history, from };
  }

  /** `undefined`: what was loaded has been dropped meanwhile, because something has failed, and is not to be used. */
  keep({ orchestration, from }: Loaded): Orchestration | undefined {
    if (this.#copy !== from) return undefined;
    // Somebody may have read the history once more meanwhile.
    this.#copy = { orchestration };
    return orchestration;
  }

  /** The execution has continued as new, with this history. */
  async continue(updates: Turn["updates"], history: readonly HistoryEvent[]): Promise<void> {
    this.formerUpdates.add(updates);
    this.#copy = { orchestration: await Orchestration.load(this.#ports.instanceId(), this.#code, history, false) };
  }

  /** The next turn. `recorded` is to follow. */
  decide(orchestration: Orchestration, facts: readonly HistoryFact[], nowMs: number): Promise<Turn> {
    this.#deciding = orchestration;
    this.#isUncommitted = true;
    return orchestration.turn(facts, nowMs);
  }

  /** What the turn means for the database. */
  changeOf(turn: Turn, before: InstanceRecord, taken: readonly QueuedFact[], nowMs: number): DecidedChange {
    return decideChange(turn, before, taken, nowMs, this);
  }

  /** To be called with the commit; `recorded` when what it leads to begins. */
  committed(): void {
    this.#isUncommitted = false;
  }

  recorded(): void {
    this.#deciding = undefined;
    // The turn may have gone on after its execution was dropped, and the history have been read before its commit.
    this.#copy.history = undefined;
  }

  // What a change may depend on beside its turn.

  newExecutionId(): string {
    return this.#ports.newId();
  }

  get traceparent(): string | undefined {
    return this.#deciding?.started?.traceparent;
  }

  recentMessages(nowMs: number): Record<string, number> {
    return this.#deciding?.recentMessages(nowMs) ?? {};
  }

  get nextHistorySeq(): number {
    return this.#ports.store.nextHistorySeq;
  }

  formerChildren(): ReturnType<Surroundings["formerChildren"]> {
    return this.#ports.store.formerChildren();
  }

  get #code(): ExecutionCode | undefined {
    const { registry, onNonDeterminism } = this.#ports;
    return this.#isWithoutCode ? undefined : { registry, onNonDeterminism };
  }
}
