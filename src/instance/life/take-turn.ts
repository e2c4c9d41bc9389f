import { WorkflowCanceledError } from "../../engine/errors.ts";
import type { Orchestration } from "../../engine/orchestration.ts";
import type { Outline, Turn } from "../../engine/turn.ts";
import type { HistoryFact } from "../../model/history-event.ts";
import type { Span } from "../../model/span.ts";
import { isTerminal } from "../../model/status.ts";
import { type InstanceRecord, nameOf } from "../../storage/instance-row.ts";
import { type OutboxEntry, type TurnChange, textsOf } from "../../storage/instance-store.ts";
import type { Notifier } from "../notifying/index.ts";
import { writing } from "../reading/index.ts";
import { covered, type DecidedChange } from "./decided-change.ts";
import type { QueuedFact } from "./fact-queue.ts";
import type { Lasting } from "./lasting.ts";
import type { Life } from "./life.ts";
import { loadExecution } from "./loading.ts";

/** What a turn is given. */
interface Given {
  readonly nowMs: number;
  /** Taken from the queue. */
  readonly queued: readonly QueuedFact[];
  /** Those of it that are for this execution. */
  readonly meant: readonly QueuedFact[];
  /** These, and the timers that are due. */
  readonly facts: readonly HistoryFact[];
}

/** What a turn has decided. */
interface Decided extends DecidedChange {
  readonly turn: Turn;
  readonly before: InstanceRecord;
  /** What continue-as-new has left untaken stays for the execution that it begins. */
  readonly left: ReadonlySet<QueuedFact>;
}

/** The messages that a commit has put into the outbox; `undefined`: there was none. */
type Committed = OutboxEntry[] | undefined;

/**
 * One turn of a life: read, decide, commit, act. Rejects when the storage fails, and leaves then what it took in doubt. Where the life
 * is closed meanwhile, it ends without effect.
 */
export async function takeTurn(life: Life, lasting: Lasting): Promise<void> {
  const orchestration = life.orchestration ?? (await loadExecution(life, lasting));
  if (life.isClosed || orchestration === undefined) return;
  const given = read(life, orchestration, lasting.ports.clock.now());
  if (given === undefined) return;
  const rest = lasting.tracer && orchestration.outline;
  const turn = await life.execution.decide(orchestration, given.facts, given.nowMs);
  if (life.isClosed) return;
  const decided = decide(life, lasting, turn, given);
  const spans = rest && spansOf(orchestration, lasting, decided, rest);
  const commit = commitTurn(life, lasting, decided);
  const sent = commit instanceof Promise ? await commit : commit;
  if (sent === undefined) return;
  if (spans !== undefined) lasting.tracer?.ended(spans);
  life.warnings.afterTurn(turn, decided.record.instanceId);
  const { newHistory } = decided.change;
  if (newHistory !== undefined) await life.continueAsNew(turn.updates, newHistory);
  if (life.syncsBeforeActing) await syncOnce(life, lasting);
  if (!life.isClosed) act(life, lasting, decided, sent);
}

/** What is told a collector once the turn is committed; `undefined`: there is none. `rest`: the history before the turn. */
function spansOf({ started }: Orchestration, { tracer }: Lasting, decided: Decided, rest: Outline): Span[] | undefined {
  if (tracer === undefined || started === undefined) return undefined;
  const { turn, before, record, change } = decided;
  return tracer.spansOf({ turn, before, next: change.newHistory && record, started, rest });
}

/** What is queued, and the timers that are due; `undefined`: there is nothing for a turn to do. */
function read({ queue, record }: Life, orchestration: Orchestration, nowMs: number): Given | undefined {
  const queued = queue.takeAll();
  const meant = queued.filter((item) => isFor(record as InstanceRecord, item));
  const facts = meant.map((item) => item.fact);
  for (const id of orchestration.pending.dueTimers(nowMs)) facts.push({ type: "TimerFired", id });
  if (queued.length === 0 && facts.length === 0 && !orchestration.hasUncommitted) return undefined;
  return { nowMs, queued, meant, facts };
}

/** What others send, and rows hold, is for the execution as they know it: since a rewind under another name. Results of activities are its own. */
function isFor(record: InstanceRecord, { executionId, seq }: QueuedFact): boolean {
  return executionId === undefined || executionId === (seq === undefined ? record.executionId : nameOf(record));
}

/** What the engine has decided, as rows. */
function decide(
  { record, execution }: Life,
  { announcer, notifier, leases }: Lasting,
  turn: Turn,
  { nowMs, queued, meant }: Given,
): Decided {
  const before = record as InstanceRecord;
  const left = new Set(turn.taken === meant.length ? [] : meant.slice(turn.taken));
  const taken = left.size === 0 ? queued : queued.filter((item) => !left.has(item));
  const { change: own, record: after } = execution.changeOf(turn, before, taken, nowMs);
  const sent = leases === undefined ? own : { ...own, send: covered(own.send, leases.covering(before)) };
  const change = notifier === undefined ? sent : withWebhooks(sent, notifier, turn, after, execution.nextHistorySeq);
  if (announcer === undefined || change.record === undefined) return { turn, before, record: after, change, left };
  const totals = change.newHistory === undefined ? after.totals : announcer.counter?.carriedOn(before, turn.events);
  const listed = { ...after, listing: announcer.nextListing(before), totals };
  return { turn, before, record: listed, change: { ...change, record: listed }, left };
}

function withWebhooks(
  change: TurnChange,
  notifier: Notifier,
  turn: Turn,
  after: InstanceRecord,
  firstSeq: number,
): TurnChange {
  const webhooks = notifier.webhooksOf(turn, after, firstSeq);
  return webhooks === undefined ? change : { ...change, webhooks };
}

/** Returns the messages to deliver; `undefined` when this life has ended while texts were encrypted. */
function commitTurn(life: Life, lasting: Lasting, decided: Decided): Committed | Promise<Committed> {
  const { ports } = lasting;
  if (ports.vault === undefined) return write(life, lasting, decided);
  const writeOpen = () => (life.isClosed ? undefined : write(life, lasting, decided));
  return writing(ports, () => textsOf(decided.change), writeOpen);
}

/** One transaction, which memory follows at once. */
function write(life: Life, lasting: Lasting, { turn, change, record, left }: Decided): OutboxEntry[] {
  const { announcer, burst, ports } = lasting;
  const { nextHistorySeq } = ports.store;
  burst.goOn();
  const recovered = life.recoveries.answeredBy(turn);
  const sent = ports.store.commit(recovered === undefined ? change : { ...change, recovered }, true);
  if (recovered !== undefined) life.recoveries.drop(recovered);
  const { newHistory } = change;
  announcer?.counter?.committed(record, newHistory === undefined ? nextHistorySeq : 0, newHistory ?? turn.events);
  life.queue.committed(left);
  life.record = record;
  life.execution.committed();
  life.failedTurns = 0;
  return sent;
}

async function syncOnce(life: Life, { ports }: Lasting): Promise<void> {
  await ports.sync();
  if (!life.isClosed) life.syncsBeforeActing = false;
}

/** What has been decided is recorded: it may happen. */
function act({ execution, outbox, stallWatch }: Life, lasting: Lasting, decided: Decided, sent: OutboxEntry[]): void {
  const { turn, before, record, change } = decided;
  const { activities, log, watchers } = lasting;
  const { executionId } = record;
  execution.recorded();
  if (sent.length > 0) {
    outbox.add(sent);
    outbox.deliverDue();
  }
  if (change.webhooks !== undefined) lasting.notifier?.added(change.webhooks);
  if (turn.aborts.length > 0) activities.abort(new WorkflowCanceledError(undefined), executionId, turn.aborts);
  for (const task of turn.activities) activities.start({ executionId, task });
  if (record.status === "STALLED") log.stalled(record, turn);
  if (record.status !== before.status) {
    if (record.status === "TERMINATED") {
      activities.dropWaiting();
      activities.abort(new Error("The workflow was terminated"));
    }
    if (record.status === "STALLED") stallWatch.begin();
    if (isTerminal(record.status)) log.ended(record, turn);
    watchers.notify();
  } else if (turn.updates.length > 0) watchers.notify();
}
