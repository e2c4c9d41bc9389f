import { describeFailure } from "../../model/failure.ts";
import { taskExecutionId } from "../../model/ids.ts";
import type { LeaseGrant } from "../../model/lease.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import type { ActivityOwner, ActivityRun, Admission } from "../activities/index.ts";
import { within } from "../patience.ts";
import type { InstancePorts } from "../ports.ts";
import type { WaitingLease } from "../protocol.ts";
import { keyOf } from "./key.ts";
import { Lease } from "./lease.ts";
import { LeaseSet, PATIENCE_MS, type SetOwner } from "./lease-set.ts";
import { type Limited, WorkflowLease } from "./workflow-lease.ts";

/** The instance that the leases are of. */
export interface Leaseholder extends SetOwner, Pick<ActivityOwner, "activityEnded"> {
  readonly life: Limited;
}

/**
 * The leases of an instance: of its workflow, and of the runs of its activities, where limits are declared. Nothing of it is written: what is
 * open is known from the history, and asked for again when the object is loaded anew. What the limiter does not hear of comes back by
 * itself. Where it cannot be reached, what is limited waits.
 */
export class Leases implements Admission {
  readonly #ports: InstancePorts;
  readonly #of: Leaseholder;
  readonly #workflow: WorkflowLease;
  readonly #leases: LeaseSet;
  /** Runs that wait while the workflow is suspended, in no queue. */
  readonly #parked = new Map<string, Lease>();

  constructor(ports: InstancePorts, of: Leaseholder) {
    this.#ports = ports;
    this.#of = of;
    this.#leases = new LeaseSet(ports, of);
    this.#workflow = new WorkflowLease(ports, this.#leases);
  }

  // The workflow.

  /** The instance may have come to need a lease, or to need none any more. */
  look(): void {
    const { life } = this.#of;
    this.#workflow.look(life);
    const { record } = life;
    for (const lease of this.#waitingRuns()) if (!isRunOf(lease, record)) this.#drop(lease.id);
    if (record?.status === "SUSPENDED") this.#park();
    else this.#unpark();
    this.flush();
  }

  /** Limits of which this workflow, or one above, has a lease: its children need none of them. */
  covering(record: InstanceRecord): readonly string[] | undefined {
    const own = this.#ports.registry.limits.of("workflow", record.name);
    if (own === undefined || record.coveredBy?.includes(own.name)) return record.coveredBy;
    return [...(record.coveredBy ?? []), own.name];
  }

  /** Whether the workflow may go on is being asked for the first time. */
  get isUndecided(): boolean {
    const isNew = ({ of, isHeld, isWaiting, failures }: Lease) =>
      of.type === "workflow" && !isHeld && !isWaiting && failures === 0;
    return this.#workflow.isReading || this.#leases.all.some(isNew);
  }

  // Runs of activities.

  holdsBack(run: ActivityRun, begin: () => void): boolean {
    const limit = this.#ports.registry.limits.of("activity", run.task.name);
    if (limit === undefined) return false;
    const key = keyOf(this.#ports, limit, run.task.input);
    this.#leases.add(new Lease(idOf(run), limit, key, { type: "activity", run, begin }, this.#leases.nextSeq()));
    return true;
  }

  tasksOf(executionId: string): number[] {
    return this.#runs().flatMap(({ of: { run } }) => (run.executionId === executionId ? [run.task.id] : []));
  }

  ended(run: ActivityRun): void {
    this.#drop(idOf(run));
    this.flush();
  }

  dropWaiting(): void {
    this.#parked.clear();
    for (const { id } of this.#waitingRuns()) this.#drop(id);
    this.flush();
  }

  disown(executionId: string, taskIds: readonly number[]): void {
    for (const { id } of this.#waiting(executionId, taskIds)) this.#drop(id);
    this.flush();
  }

  abort(reason: Error, executionId: string, taskIds: readonly number[]): void {
    for (const { id, of } of this.#waiting(executionId, taskIds)) {
      this.#drop(id);
      const failure = describeFailure(reason);
      this.#of.activityEnded(of.run, { type: "TaskFailed", id: of.run.task.id, failure });
    }
    this.flush();
  }

  #waiting(executionId: string, taskIds: readonly number[]) {
    return this.#waitingRuns().filter(
      ({ of: { run } }) => run.executionId === executionId && taskIds.includes(run.task.id),
    );
  }

  #waitingRuns() {
    return this.#runs().filter(({ hasBegun }) => !hasBegun);
  }

  #runs() {
    const all = [...this.#leases.all, ...this.#parked.values()];
    return all.filter((lease): lease is RunLease => lease.of.type === "activity");
  }

  #drop(id: string): void {
    this.#parked.delete(id);
    this.#leases.drop(id);
  }

  #park(): void {
    for (const lease of this.#waitingRuns()) {
      this.#leases.drop(lease.id);
      this.#parked.set(lease.id, lease);
    }
  }

  #unpark(): void {
    for (const { id, limit, key, of } of this.#parked.values())
      this.#leases.add(new Lease(id, limit, key, of, this.#leases.nextSeq()));
    this.#parked.clear();
  }

  // What is asked, and answered.

  get isAsking(): boolean {
    return this.#workflow.isReading || this.#leases.isAsking;
  }

  nextDueAtMs(afterMs: number): number {
    return this.#leases.nextDueAtMs(afterMs);
  }

  /** To be called at the end of a burst. */
  flush(): void {
    this.#leases.flush();
  }

  granted(grant: LeaseGrant): boolean[] {
    return this.#leases.granted(grant);
  }

  // What others are told.

  /** The limit that the workflow waits for, or an activity of this name, or the call of it with this number. */
  waitsFor(activity: string | undefined, callId?: number): string | undefined {
    for (const { limit, of, isHeld, hasBegun, isWaiting, failures } of this.#leases.all) {
      const isCall =
        of.type === "activity" && of.run.task.name === activity && (callId ?? of.run.task.id) === of.run.task.id;
      const isIt = of.type === "workflow" ? !isHeld : !hasBegun && isCall;
      if (isIt && (isWaiting || failures > 0)) return limit.name;
    }
    return undefined;
  }

  /** All that is waited for, with its place. */
  async places(): Promise<WaitingLease[]> {
    const waiting = this.#leases.all.filter(({ of, isHeld, hasBegun }) =>
      of.type === "workflow" ? !isHeld : !hasBegun,
    );
    return Promise.all(waiting.map((lease) => this.#placeOf(lease)));
  }

  async #placeOf({ id, limit, key, of }: Lease): Promise<WaitingLease> {
    const { clock, limiters } = this.#ports;
    const task = of.type === "activity" ? of.run.task : undefined;
    const about = { limit: limit.name, key, taskId: task?.id, activity: task?.name };
    const instanceId = this.#ports.instanceId();
    const ask = async () => limiters?.limiter(limit, key, instanceId).places(instanceId, [id]);
    const [place] = (await within((ms, callback) => clock.schedule(ms, callback), PATIENCE_MS, ask)) ?? [];
    return place === undefined
      ? about
      : { ...about, position: place.position, ahead: place.ahead, sinceMs: place.sinceMs };
  }
}

type RunLease = Lease & { readonly of: { readonly type: "activity" } };

function idOf({ executionId, task }: ActivityRun): string {
  return taskExecutionId(executionId, task.id);
}

/** Whether the execution still waits for it. */
function isRunOf({ of: { run } }: RunLease, record: InstanceRecord | undefined): boolean {
  return record?.executionId === run.executionId && record.status !== "TERMINATED";
}
