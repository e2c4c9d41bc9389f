import type { Socket, Sockets, WatchState } from "../instance/ports.ts";
import type { WatchSocket } from "../instance/protocol.ts";

/** What an object with sockets is told, and how its writing holds up what it sends. */
export interface SocketOwner {
  /** The watcher has sent this. */
  message(socket: Socket, text: string): void;
  /** A watcher has closed its socket. */
  closed(): void;
  /** Calls back when all that has been written is on disk; never, if the object is lost before. */
  whenWritten(send: () => void): void;
}

/** The WebSockets of one object, in memory of the test: they outlast that of the object, as the platform's do. */
export class MemorySockets implements Sockets {
  readonly #owner: SocketOwner;
  #sockets: MemorySocket[] = [];

  constructor(owner: SocketOwner) {
    this.#owner = owner;
  }

  open(): Socket[] {
    return this.#sockets.filter(({ isOpen }) => isOpen);
  }

  accept(state: WatchState): { socket: Socket; theirs: WatchSocket } {
    const socket = new MemorySocket(this.#owner);
    socket.state = state;
    this.#sockets.push(socket);
    return { socket, theirs: socket.theirs };
  }

  /** The object is lost: what it has sent and was not on disk is lost, too, and the watchers see their sockets closed. */
  lose(): void {
    for (const socket of this.#sockets) socket.lose();
    this.#sockets = [];
  }
}

class MemorySocket implements Socket {
  readonly theirs = new OtherEnd(this);
  readonly owner: SocketOwner;
  /** As the platform keeps it: a copy. */
  #state = "";
  isOpen = true;

  constructor(owner: SocketOwner) {
    this.owner = owner;
  }

  get state(): WatchState {
    return JSON.parse(this.#state);
  }

  set state(state: WatchState) {
    this.#state = JSON.stringify(state);
  }

  send(text: string): void {
    if (this.isOpen) this.owner.whenWritten(() => this.theirs.tell({ type: "message", data: text }));
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.owner.whenWritten(() => this.theirs.tell({ type: "close", data: undefined }));
  }

  /** What it has been told last may be lost, too. */
  lose(): void {
    this.isOpen = false;
    this.theirs.tell({ type: "close", data: undefined });
  }
}

interface Told {
  readonly type: string;
  readonly data: unknown;
}

/** The watcher's. */
class OtherEnd implements WatchSocket {
  readonly #socket: MemorySocket;
  #isClosed = false;
  readonly #listeners: { readonly type: string; readonly listener: (event: Told) => void }[] = [];
  #waiting: Told[] = [];
  #isAccepted = false;

  constructor(socket: MemorySocket) {
    this.#socket = socket;
  }

  accept(): void {
    this.#isAccepted = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const told of waiting) this.#hear(told);
  }

  addEventListener(type: string, listener: (event: Told) => void): void {
    this.#listeners.push({ type, listener });
  }

  send(text: string): void {
    if (this.#socket.isOpen) this.#socket.owner.message(this.#socket, text);
  }

  close(): void {
    if (!this.#socket.isOpen) return;
    this.#socket.isOpen = false;
    this.#socket.owner.closed();
  }

  tell(told: Told): void {
    if (this.#isClosed) return;
    this.#isClosed = told.type === "close";
    if (this.#isAccepted) this.#hear(told);
    else this.#waiting.push(told);
  }

  #hear(told: Told): void {
    for (const { type, listener } of this.#listeners) if (type === told.type) listener(told);
  }
}
