import type { HistoryPosition } from "../../model/history-position.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import { UnreadableError } from "../../storage/unreadable-error.ts";
import type { InstanceLog } from "../instance-log.ts";
import type { InstancePorts, Socket } from "../ports.ts";
import type { WatchResult } from "../protocol.ts";
import { reading } from "../reading/index.ts";
import { type Batch, nextBatch } from "./batch.ts";
import { GONE_FRAME } from "./frames.ts";

/** The platform has room for 32,768. Each is sent every event, so that they make each step of a busy instance slower. */
const MOST_WATCHERS = 100;
/**
 * So many characters are sent to a watcher that it has not told to have passed on. It is what may wait in the Worker for a slow client: less than
 * 1 MiB, whatever characters they are, but for one event that is longer by itself.
 */
const WINDOW = 256 * 1024;

const NOT_FOUND = { ok: false, code: "NOT_FOUND" } as const;

/** The instance, as it is now. */
interface Watched {
  readonly record: InstanceRecord | undefined;
  /** The database cannot be read. */
  readonly isUnreadable: boolean;
  readonly log: InstanceLog;
}

/**
 * Tells those who watch of each event of the history, once it is committed.
 *
 * Each watcher has a WebSocket, and with it is kept which event it is to be sent next. The platform keeps both while the object is out of
 * memory, so that an instance that sleeps costs nothing while it is watched. Events are read from the store, from that position on: none is left
 * out, and none is sent twice, whatever is lost meanwhile.
 */
export class Watching {
  readonly #ports: InstancePorts;
  readonly #watched: Watched;
  /** How many there are: what an instance that nobody watches asks after each burst. */
  #count: number;
  #isSending = false;
  #hasMoved = false;

  /** Those who have watched the object before it lost its memory are still there. */
  constructor(ports: InstancePorts, watched: Watched) {
    this.#ports = ports;
    this.#watched = watched;
    this.#count = ports.sockets.open().length;
  }

  /** Begins to watch, with the event after that one, or the first. */
  async begin(after: HistoryPosition | undefined): Promise<WatchResult> {
    const { record } = this.#watched;
    if (record === undefined) return NOT_FOUND;
    if (this.#count >= MOST_WATCHERS) return { ok: false, code: "TOO_MANY", most: MOST_WATCHERS };
    const { store, sockets } = this.#ports;
    const isSame = after !== undefined && after.executionId === record.executionId;
    if (isSame && after.position >= store.nextHistorySeq)
      return { ok: false, code: "BEYOND_END", length: store.nextHistorySeq };
    const state = { executionId: after?.executionId ?? "", next: isSame ? after.position + 1 : 0, room: WINDOW };
    try {
      // What cannot be read is told as long as there is an answer to tell it in.
      await this.#read(state);
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      return { ok: false, code: "UNREADABLE", message: error.message };
    }
    // It may have been purged meanwhile.
    if (this.#watched.record === undefined) return NOT_FOUND;
    const { theirs } = sockets.accept(state);
    this.#count++;
    this.#send();
    return { ok: true, socket: theirs };
  }

  /** To be called when what was decided is written, and when the instance can be read no more. */
  tell(): void {
    if (this.#count > 0) this.#send();
  }

  /** The watcher has passed on so many characters more: there is room for others. */
  passedOn(socket: Socket, length: number): void {
    const { state } = socket;
    if (!(length > 0)) return;
    socket.state = { ...state, room: Math.min(WINDOW, state.room + length) };
    this.#send();
  }

  /** A watcher has gone. */
  left(): void {
    this.#count = this.#ports.sockets.open().length;
  }

  /** The instance was purged. */
  gone(): void {
    if (this.#count > 0) this.#endAll(GONE_FRAME);
  }

  /** One round at a time. Never throws, nor rejects: watchers come again, with the last event that they have. */
  #send(): void {
    this.#hasMoved = true;
    if (this.#isSending) return;
    this.#isSending = true;
    void this.#sendAll()
      .catch((error) => {
        this.#watched.log.fault("watch", error);
        this.#endAll();
      })
      .finally(() => {
        this.#isSending = false;
      });
  }

  async #sendAll(): Promise<void> {
    while (this.#hasMoved) {
      this.#hasMoved = false;
      if (this.#watched.isUnreadable) return this.#endAll();
      // Most are at the same event.
      const batches = new Map<string, Batch>();
      for (const socket of this.#ports.sockets.open()) {
        for (let goesOn = true; goesOn; ) {
          const sent = this.#sendNext(socket, batches);
          goesOn = sent instanceof Promise ? await sent : sent;
        }
      }
    }
  }

  /** True when there may be more to send. */
  #sendNext(socket: Socket, batches: Map<string, Batch>): boolean | Promise<boolean> {
    const { state } = socket;
    if (state.room <= 0 || this.#watched.record === undefined) return false;
    const key = `${state.executionId}.${state.next}`;
    const batch = batches.get(key) ?? this.#read(state);
    const send = (read: Batch) => {
      batches.set(key, read);
      return this.#sendBatch(socket, read);
    };
    return batch instanceof Promise ? batch.then(send) : send(batch);
  }

  #sendBatch(socket: Socket, { text, executionId, next, isLast }: Batch): boolean {
    if (text === "") return false;
    const { room } = socket.state;
    socket.state = { executionId, next, room: room - text.length };
    if (isLast) this.#end(socket, text);
    else socket.send(text);
    return !isLast;
  }

  /** Throws, or rejects, with UnreadableError. */
  #read(state: Socket["state"]): Batch | Promise<Batch> {
    return reading(this.#ports, () => {
      const { record } = this.#watched;
      if (record === undefined) return { text: "", executionId: state.executionId, next: state.next, isLast: false };
      return nextBatch(this.#ports.store, record, state);
    });
  }

  #endAll(text?: string): void {
    for (const socket of this.#ports.sockets.open()) this.#end(socket, text);
  }

  #end(socket: Socket, text?: string): void {
    if (text !== undefined) socket.send(text);
    socket.close();
    this.left();
  }
}
