import type { HistoryFact } from "../model/history-event.ts";
import type { HistoryPosition } from "../model/history-position.ts";
import type { LeaseGrant, LeaseHolder } from "../model/lease.ts";
import type { Message } from "../model/message.ts";
import { isTerminal } from "../model/status.ts";
import { firstActiveChild } from "./delivery/index.ts";
import {
  Beginnings,
  CatalogAnswers,
  Deliveries,
  Gate,
  Grants,
  Lives,
  Purges,
  type Query,
  Questions,
  Reception,
  Repairs,
  Views,
} from "./life/index.ts";
import type { InstancePorts, Socket } from "./ports.ts";
import type {
  Command,
  DeliveryResult,
  DescribeOptions,
  FindActiveRequest,
  HistoryPage,
  HistoryRequest,
  InstanceApi,
  InstanceDescription,
  InstancePeer,
  IsOwed,
  OperationResult,
  PurgeRequest,
  QueryResult,
  RaiseEventRequest,
  StartRequest,
  StartResult,
  TerminateRequest,
  TimelinePage,
  TimelineRequest,
  UpdateRequest,
  UpdateResult,
  WaitedFor,
  WaitOptions,
  WatchResult,
} from "./protocol.ts";
import { readRerunPage } from "./reading/index.ts";
import type * as Repair from "./repair-protocol.ts";
import type { Ring } from "./waking/index.ts";

/**
 * One instance, as the outside and other instances see it. What is asked for goes to the inbox in the transaction that
 * answers the caller; the turn loop takes it from there. Expected failures are values: an error that is thrown here is
 * a fault of ours or of the storage, and the caller may try again.
 */
export class Instance implements InstanceApi, InstancePeer, LeaseHolder {
  readonly #ports: InstancePorts;
  readonly #gate = new Gate();
  readonly #lives: Lives;
  readonly #purges: Purges;
  readonly #beginnings: Beginnings;
  readonly #reception: Reception;
  readonly #questions: Questions;
  readonly #repairs: Repairs;
  readonly #views: Views;
  readonly #deliveries: Deliveries;
  readonly #grants: Grants;
  /** What the catalog asks. */
  readonly catalog: CatalogAnswers;

  constructor(ports: InstancePorts) {
    this.#ports = ports;
    const lives = new Lives(ports);
    this.#lives = lives;
    this.#purges = new Purges(ports, lives, this.#gate);
    this.#reception = new Reception(ports, lives, this.#gate);
    this.#beginnings = new Beginnings(ports, lives, this.#gate, this.#purges, this.#reception);
    const { starts } = this.#beginnings;
    this.#questions = new Questions(ports, lives, this.#reception);
    this.#views = new Views(ports, lives, this.#reception);
    this.#repairs = new Repairs(ports, lives, this.#reception, starts);
    this.#deliveries = new Deliveries(ports, lives, this.#purges, this.#reception, starts, this.#repairs);
    this.#grants = new Grants(lives, this.#reception);
    this.catalog = new CatalogAnswers(lives, this.#gate, this.#purges, this.#reception);
  }

  /** Reads what the database holds, before anything else. `isRinging`: `alarm` comes next; `isForCatalog`: `presence` or `expire`. */
  open(isRinging = false, isForCatalog = false): Promise<void> {
    return this.#lives.open(isRinging, isForCatalog);
  }

  /** A turn is being taken: it is over within the burst, unless the workflow's code holds it up. */
  get isInTurn(): boolean {
    return this.#lives.loop.isRunning;
  }

  /**
   * When something falls due next, but for what a turn deals with already; `undefined` while the history has not been read. The alarm
   * may ring before, because it also stands for work under way: a test environment, which loses no object by chance, need not wait for that.
   */
  get nextDueAtMs(): number | undefined {
    const { loop, current, household } = this.#lives;
    if (loop.isRunning) return current.nextDueAtMs(this.#ports.clock.now());
    if (!current.isLoaded) return undefined;
    return Math.min(current.nextDueAtMs(Number.NEGATIVE_INFINITY), household.expiresAtMs());
  }

  async alarm(ring: Ring): Promise<void> {
    const waitsForPurge = this.#gate.shutBy !== undefined;
    await this.#gate.pass(() => this.#lives.household.alarm.ring(ring, !waitsForPurge));
  }

  async start(request: StartRequest, isOwed?: IsOwed): Promise<StartResult> {
    const { waitFor } = request;
    if (waitFor === undefined) return this.#beginnings.starts.start(request, isOwed);
    this.#lives.household.retention.awaited();
    try {
      const result = await this.#beginnings.starts.start(request);
      return result.ok ? { ok: true, state: await this.waitFor(waitFor.until, waitFor) } : result;
    } finally {
      this.#lives.household.retention.answered();
    }
  }

  rerun(request: Repair.RerunRequest): Promise<Repair.RerunResult> {
    return this.#beginnings.reruns.rerun(request);
  }

  readForRerun(request: Repair.RerunRead): Promise<Repair.RerunPage> {
    return this.#gate.pass(() => readRerunPage(this.#ports, () => this.#lives.record, request));
  }

  restart(request: Repair.RestartRequest): Promise<Repair.RestartResult> {
    return this.#beginnings.restarts.restart(request);
  }

  describe(options: DescribeOptions): Promise<InstanceDescription | undefined> {
    return this.#gate.pass(() => this.#views.describe(options));
  }

  waitFor(until: WaitedFor, options: WaitOptions): Promise<InstanceDescription | undefined> {
    return this.#gate.pass(() => this.#views.waitFor(until, options));
  }

  async raiseEvent(request: RaiseEventRequest): Promise<OperationResult> {
    const { name, input, messageId, reason, actor } = request;
    return this.#operate(request, { type: "EventRaised", name, input, messageId, reason, actor });
  }

  async suspend(request: Command): Promise<OperationResult> {
    const { reason, actor } = request;
    return this.#operate(request, { type: "ExecutionSuspended", reason, actor });
  }

  async resume(request: Command): Promise<OperationResult> {
    const { reason, actor } = request;
    return this.#operate(request, { type: "ExecutionResumed", reason, actor });
  }

  async terminate(request: TerminateRequest): Promise<OperationResult> {
    const { output, recursive, reason, actor } = request;
    return this.#operate(request, { type: "ExecutionTerminated", output, recursive, reason, actor });
  }

  async cancel(request: Command): Promise<OperationResult> {
    const { reason, actor } = request;
    return this.#operate(request, { type: "ExecutionCancelRequested", reason, actor });
  }

  rewind(request: Repair.RewindRequest): Promise<Repair.RepairResult> {
    return this.#gate.pass(() => this.#repairs.rewind(request));
  }

  changeVersion(request: Repair.VersionRequest): Promise<Repair.RepairResult> {
    return this.#gate.pass(() => this.#repairs.changeVersion(request));
  }

  hasTaken(request: Repair.TakenRequest): Promise<boolean> {
    return this.#gate.pass(() => this.#repairs.hasTaken(request));
  }

  query(request: Query): Promise<QueryResult> {
    return this.#gate.pass(() => this.#questions.query(request));
  }

  update(request: UpdateRequest): Promise<UpdateResult> {
    return this.#gate.pass(() => this.#questions.update(request));
  }

  history(request: HistoryRequest): Promise<HistoryPage | undefined> {
    return this.#gate.pass(() => this.#views.history(request));
  }

  timeline(request: TimelineRequest): Promise<TimelinePage | undefined> {
    return this.#gate.pass(() => this.#views.timeline(request));
  }

  watch({ after }: { readonly after: HistoryPosition | undefined }): Promise<WatchResult> {
    return this.#gate.pass(() => this.#lives.household.watching.begin(after));
  }

  /** A watcher has passed on what it was sent: so many characters. */
  passedOn(socket: Socket, length: number): void {
    this.#lives.household.watching.passedOn(socket, length);
  }

  watcherLeft(): void {
    this.#lives.household.watching.left();
  }

  purge(request: PurgeRequest, isOwed?: IsOwed): Promise<OperationResult> {
    return this.#purges.purge(request, isOwed);
  }

  deliver(message: Message, isOwed?: IsOwed): Promise<DeliveryResult> {
    return this.#deliveries.deliver(message, isOwed);
  }

  leaseGranted(grant: LeaseGrant): Promise<readonly boolean[]> {
    return this.#gate.pass(() => this.#grants.take(grant));
  }

  async findActive({ asChildOf, above = [], untilFree }: FindActiveRequest): Promise<string | undefined> {
    // Before the gate: whoever asks waits for what has asked here, and its purge would wait for itself.
    if (above.includes(this.#ports.instanceId())) return undefined;
    return this.#gate.pass(() => this.#findActive(asChildOf, above, untilFree));
  }

  async #findActive(asChildOf: string, above: readonly string[], untilFree?: boolean): Promise<string | undefined> {
    this.#lives.readability.check();
    const { record } = this.#lives;
    if (record === undefined || record.parent?.instanceId !== asChildOf) return undefined;
    const isBusy = untilFree === true && record.status === "TERMINATED" && this.#lives.household.activities.size > 0;
    if (!isTerminal(record.status) || isBusy) return record.instanceId;
    return firstActiveChild(this.#ports, record.instanceId, above, untilFree);
  }

  #operate(command: Command, fact: HistoryFact): Promise<OperationResult> {
    return this.#gate.pass(() => this.#reception.accept(fact, command));
  }
}
