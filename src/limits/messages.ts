import { type Schedule, within } from "../instance/patience.ts";
import type { LeaseHolder, LeaseRelease } from "../model/lease.ts";
import type { Grant } from "./book.ts";

/** What the messages have of the world. */
export interface MessagesPorts {
  holder(instanceId: string): LeaseHolder;
  readonly schedule: Schedule;
  /** It is still to be told: given, and not over. */
  isHeld(grant: Grant): boolean;
  /** The instance does not want them. */
  refused(instanceId: string, releases: readonly LeaseRelease[]): void;
}

/** So many are under way at a time. */
const MOST_AT_ONCE = 32;
/** How long a message is waited for, and the pauses before it is sent again. */
const PATIENCE_MS = 10_000;
const FIRST_PAUSE_MS = 1_000;
const LAST_PAUSE_MS = 15_000;
/** By then a lease is over. */
const MOST_TRIES = 8;

/** To one instance. */
interface Message {
  readonly instanceId: string;
  readonly grants: readonly Grant[];
  readonly tries: number;
}

/**
 * Tells instances of what they have been given: until they answer, or it is over. A message that is lost with the object is sent again when
 * that is loaded, as `Book.untold` has it.
 */
export class Messages {
  readonly #ports: MessagesPorts;
  #waiting: Message[] = [];
  #underWay = 0;

  constructor(ports: MessagesPorts) {
    this.#ports = ports;
  }

  add(grants: readonly Grant[]): void {
    const byInstance = new Map<string, Grant[]>();
    for (const grant of grants) byInstance.set(grant.instanceId, [...(byInstance.get(grant.instanceId) ?? []), grant]);
    for (const [instanceId, of] of byInstance) this.#waiting.push({ instanceId, grants: of, tries: 0 });
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    while (this.#underWay < MOST_AT_ONCE) {
      const message = this.#waiting.shift();
      if (message === undefined) return;
      const grants = message.grants.filter((grant) => this.#ports.isHeld(grant));
      if (grants.length > 0) void this.#send({ ...message, grants });
    }
  }

  /** Never rejects. */
  async #send(message: Message): Promise<void> {
    const { instanceId, grants, tries } = message;
    this.#underWay++;
    const wanted = await this.#answerTo(message);
    this.#underWay--;
    if (wanted === undefined && tries < MOST_TRIES) {
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** tries, LAST_PAUSE_MS);
      this.#ports.schedule(pauseMs, () => {
        this.#waiting.push({ ...message, tries: tries + 1 });
        this.#sendWaiting();
      });
    } else {
      const refused = grants.filter((_, n) => wanted?.[n] === false);
      if (refused.length > 0) this.#ports.refused(instanceId, refused.map(toRelease));
    }
    this.#sendWaiting();
  }

  /** `undefined`: there was none. */
  #answerTo({ instanceId, grants }: Message): Promise<readonly boolean[] | undefined> {
    const leases = grants.map(({ lease, seq, untilMs }) => ({ lease, seq, untilMs }));
    const tell = () => this.#ports.holder(instanceId).leaseGranted({ leases });
    return within(this.#ports.schedule, PATIENCE_MS, tell);
  }
}

function toRelease({ lease, seq }: Grant): LeaseRelease {
  return { lease, seq };
}
