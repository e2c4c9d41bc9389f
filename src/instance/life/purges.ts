import { isTerminal } from "../../model/status.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import { UnreadableError } from "../../storage/unreadable-error.ts";
import { checkOwed, purgeChildren, tellParentOfPurge } from "../delivery/index.ts";
import { InstanceLog } from "../instance-log.ts";
import type { InstancePorts } from "../ports.ts";
import type { IsOwed, OperationResult, PurgeRequest } from "../protocol.ts";
import { isMeant, visibleStatus } from "../reading/index.ts";
import type { Gate } from "./gate.ts";
import type { Life } from "./life.ts";
import type { Lives } from "./lives.ts";

/** How long a parent's purge waits for another one of the same child, which may have a tree of its own to purge. */
const PATIENCE_MS = 60_000;

const NOT_FOUND = { ok: false, code: "NOT_FOUND" } as const;

/** Removes instances from their object, one purge at a time. */
export class Purges {
  readonly #ports: InstancePorts;
  readonly #lives: Lives;
  readonly #gate: Gate;
  readonly #log: InstanceLog;
  /** The instance that a purge is about to remove. */
  #leaving: InstanceRecord | undefined;
  #last: InstanceRecord | undefined;
  #countAsChild = 0;

  constructor(ports: InstancePorts, lives: Lives, gate: Gate) {
    this.#ports = ports;
    this.#lives = lives;
    this.#gate = gate;
    this.#log = new InstanceLog(ports);
    lives.remover = this;
  }

  /** The instance that was purged last, as long as memory lasts: a copy of its start must not bring it back. */
  get last(): InstanceRecord | undefined {
    return this.#last;
  }

  /** How often a parent has purged its child here: a start of its that came before must not be carried out after. */
  get countAsChild(): number {
    return this.#countAsChild;
  }

  purge(request: PurgeRequest, isOwed?: IsOwed): Promise<OperationResult> {
    const purged = this.#purge(request, isOwed);
    return request.force && request.asChildOf === undefined ? this.#gate.keepStartsOut(purged) : purged;
  }

  async expire(record: InstanceRecord): Promise<boolean> {
    while (this.#gate.shutBy !== undefined) await this.#gate.shutBy;
    if (this.#lives.record !== record) return false;
    const result = await this.#purgeEnded(record, { recursive: false });
    return result?.ok === true;
  }

  async #purge(request: PurgeRequest, isOwed?: IsOwed): Promise<OperationResult> {
    const { asChildOf, above = [] } = request;
    if (asChildOf !== undefined) this.#countAsChild++;
    if (above.includes(this.#ports.instanceId())) return NOT_FOUND;
    // One below may have called this ID, and have been refused. It must not wait for a purge that waits for it.
    if (this.#leaving !== undefined && asChildOf !== undefined && this.#leaving.parent?.instanceId !== asChildOf)
      return NOT_FOUND;
    let toldIn: Life | undefined;
    for (;;) {
      while (this.#gate.shutBy !== undefined)
        await (asChildOf === undefined ? this.#gate.shutBy : this.#waitPatiently());
      const { record, current: life } = this.#lives;
      if (!isMeant(request, record)) return NOT_FOUND;
      // Whose child it is may not be known either.
      if (asChildOf !== undefined && !(request.force && record.executionId !== "")) this.#lives.readability.check();
      if (asChildOf !== undefined && record.parent?.instanceId !== asChildOf) return NOT_FOUND;
      await checkOwed(this.#ports, isOwed);
      // Turns may have changed it meanwhile: it is the same instance all the same.
      const now = this.#lives.record;
      if (this.#gate.shutBy !== undefined || life.isClosed || now === undefined) continue;
      // It goes on meanwhile, and its parent, whose own purge may wait for this one, is not kept waiting.
      if (request.force && asChildOf === undefined && toldIn !== life) {
        const unreachable = await tellParentOfPurge(this.#ports, now);
        if (unreachable !== undefined) return { ok: false, code: "PARENT_UNREACHABLE", instanceId: unreachable };
        toldIn = life;
        continue;
      }
      const result = await (request.force ? this.#purgeByForce(now, request) : this.#purgeEnded(now, request));
      if (result !== undefined) return result;
    }
  }

  /** Whatever its status. If a child cannot be reached, the instance goes on as it was. */
  #purgeByForce(record: InstanceRecord, request: PurgeRequest): Promise<OperationResult> {
    return this.#remove(record, request, async () => {
      this.#lives.abandon();
      if (request.recursive) await purgeChildren(this.#ports, record.instanceId, request);
    });
  }

  /** `undefined`: something has come between. */
  async #purgeEnded(record: InstanceRecord, request: PurgeRequest): Promise<OperationResult | undefined> {
    // As in Dapr, an instance whose first turn is still to come has no state that could be purged. A parent's purge
    // must not pass over it, though: it would be left behind.
    if (request.asChildOf === undefined && visibleStatus(record, this.#lives.current) === "PENDING") return NOT_FOUND;
    const isStalled = record.status === "STALLED" || this.#lives.current.isUnreadable;
    if (request.asChildOf === undefined && isStalled) return { ok: false, code: "STALLED" };
    const notEnded = { ok: false, code: "NOT_ENDED", instanceId: record.instanceId } as const;
    if (!isTerminal(record.status)) return notEnded;
    if (!(await this.#lives.readability.isEndReadable(record))) {
      if (request.asChildOf === undefined) return { ok: false, code: "STALLED" };
      throw new UnreadableError(`'${record.instanceId}' has ended and cannot be read: it is purged by force only.`);
    }
    if (this.#lives.record !== record) return undefined;
    const hasDelivered = await this.#lives.hasDelivered();
    if (this.#lives.current.isUnreadable) return undefined;
    if (!hasDelivered) return notEnded;
    if (request.recursive) {
      const result = await purgeChildren(this.#ports, record.instanceId, request);
      if (!result.ok) return result;
    }
    if (this.#lives.record !== record || this.#lives.current.isUnreadable) return undefined;
    return this.#remove(record, request, () => this.#lives.leave());
  }

  /** Not for ever: in a circle of parents, two purges that have begun at once wait for each other. Both fail then, and go on. */
  async #waitPatiently(): Promise<void> {
    await this.#lives.watchers.until(() => this.#gate.shutBy === undefined, PATIENCE_MS);
    if (this.#gate.shutBy === undefined) return;
    throw new Error(`'${this.#ports.instanceId()}' is being purged for more than ${PATIENCE_MS} ms: purge again.`);
  }

  /** If it fails, the instance goes on with what the database holds. */
  async #remove(
    record: InstanceRecord,
    asked: PurgeRequest,
    prepare: () => void | Promise<void>,
  ): Promise<OperationResult> {
    const { announcer } = this.#lives.household;
    const isUnheardOf = announcer?.isUnheardOf(record) !== false;
    const remove = async () => {
      try {
        // Of one that cannot be read, memory may know nothing.
        const isKnown = record.executionId !== "";
        const { createdAtMs, listing } = isKnown ? record : this.#ports.store.kin();
        const life = { listing, ...(isKnown && { record }) };
        await prepare();
        const isToTell = createdAtMs !== undefined && !isUnheardOf;
        const left = isToTell ? await announcer?.leave({ createdAtMs, ...life }) : undefined;
        await this.#lives.wipe(left ?? []);
        this.#last = record;
        this.#log.purged(record, asked);
      } finally {
        await this.#lives.reopen();
      }
    };
    this.#leaving = record;
    const removed = remove();
    this.#gate.shut(removed);
    try {
      await removed;
      return { ok: true };
    } finally {
      this.#gate.open();
      this.#leaving = undefined;
      this.#lives.watchers.notify();
      announcer?.look();
    }
  }
}
