import type { EventRaised } from "../model/history-event.ts";
import { decodePayload } from "./payload.ts";
import { CompletableTask } from "./task.ts";

/**
 * External events of one execution. Names are compared without regard to case. Always true: for one name there
 * are events that nobody waits for, or waits that no event has met, never both; each side is first in, first out.
 */
export class Mailbox {
  readonly #waits = new Map<string, Fifo<CompletableTask>>();
  readonly #events = new Map<string, Fifo<{ arrival: number; event: EventRaised }>>();
  #arrivals = 0;

  /** A task for the next event of this name; complete already when one is there. */
  wait(eventName: string): CompletableTask {
    const key = eventName.toLowerCase();
    const task = new CompletableTask();
    const waiting = this.#events.get(key)?.take();
    if (waiting === undefined) fifoOf(this.#waits, key).add(task);
    else task.complete(decodePayload(waiting.event.input));
    return task;
  }

  receive(event: EventRaised): void {
    const key = event.name.toLowerCase();
    const task = this.#waits.get(key)?.take();
    if (task === undefined) fifoOf(this.#events, key).add({ arrival: this.#arrivals++, event });
    else task.complete(decodePayload(event.input));
  }

  /** The events nobody has waited for yet, across all names in the order in which they arrived. */
  unclaimed(): EventRaised[] {
    const all = [...this.#events.values()].flatMap((fifo) => fifo.rest());
    return all.sort((a, b) => a.arrival - b.arrival).map(({ event }) => event);
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
