import type { EventRaised } from "../model/history-event.ts";
import { CancelableTask } from "./completable-task.ts";
import type { Payloads } from "./payload.ts";

/**
 * External events of one execution. Names are compared without regard to case. Always true: for one name there
 * are events that nobody waits for, or waits that no event has met, never both; each side is first in, first out.
 * A wait that nobody holds any more, because it lost a `whenAny`, leaves the queue: the next event is for the next wait.
 */
export class Mailbox {
  readonly #waits = new Map<string, Set<EventWait>>();
  readonly #events = new Map<string, Fifo<{ arrival: number; event: EventRaised }>>();
  readonly #payloads: Payloads;
  #arrivals = 0;

  constructor(payloads: Payloads) {
    this.#payloads = payloads;
  }

  /** A task for the next event of this name; complete already when one is there. */
  wait(eventName: string): CancelableTask {
    const wait = new EventWait(this, eventName);
    this.join(wait);
    return wait;
  }

  receive(event: EventRaised): void {
    const key = event.name.toLowerCase();
    const waits = this.#waits.get(key);
    const [first] = waits ?? [];
    if (waits === undefined || first === undefined) {
      fifoOf(this.#events, key).add({ arrival: this.#arrivals++, event });
      return;
    }
    waits.delete(first);
    this.#deliver(event, first);
  }

  join(wait: EventWait): void {
    const waiting = this.#events.get(wait.key)?.take();
    if (waiting !== undefined) return this.#deliver(waiting.event, wait);
    const waits = this.#waits.get(wait.key);
    if (waits === undefined) this.#waits.set(wait.key, new Set([wait]));
    else waits.add(wait);
  }

  /** A payload that the payload converter cannot read fails the wait for it. */
  #deliver({ name, input }: EventRaised, wait: EventWait): void {
    let payload: unknown;
    try {
      payload = this.#payloads.decode(input, "payload", "event", name);
    } catch (error) {
      wait.endWith(error as Error);
      return;
    }
    wait.complete(payload);
  }

  leave(wait: EventWait): void {
    this.#waits.get(wait.key)?.delete(wait);
  }

  /** The names of the events that somebody waits for, as the code has them. */
  awaited(): string[] {
    return [...this.#waits.values()].flatMap(([first]) => (first === undefined ? [] : [first.eventName]));
  }

  /** The events nobody has waited for yet, across all names in the order in which they arrived. */
  unclaimed(): EventRaised[] {
    const all = [...this.#events.values()].flatMap((fifo) => fifo.rest());
    return all.sort((a, b) => a.arrival - b.arrival).map(({ event }) => event);
  }
}

class EventWait extends CancelableTask {
  readonly eventName: string;
  readonly key: string;
  readonly #mailbox: Mailbox;

  constructor(mailbox: Mailbox, eventName: string) {
    super(`The wait for event '${eventName}'`);
    this.#mailbox = mailbox;
    this.eventName = eventName;
    this.key = eventName.toLowerCase();
  }

  override endWith(error: Error): boolean {
    this.#mailbox.leave(this);
    return super.endWith(error);
  }

  protected override onHeld(): void {
    // In its place if it has never left.
    this.#mailbox.join(this);
  }

  protected override onReleased(): void {
    this.#mailbox.leave(this);
  }
}

/** A queue whose `take` does not move the rest, so that 50,000 buffered events cost no more each than one. */
class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  add(item: T): void {
    this.#items.push(item);
  }

  take(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head++];
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    }
    return item;
  }

  rest(): T[] {
    return this.#items.slice(this.#head);
  }
}

function fifoOf<T>(map: Map<string, Fifo<T>>, key: string): Fifo<T> {
  let fifo = map.get(key);
  if (fifo === undefined) {
    fifo = new Fifo();
    map.set(key, fifo);
  }
  return fifo;
}
