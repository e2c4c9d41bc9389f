// Somebody who watches an instance of a world: what the Worker does, and a client that connects again.
import type { WatchResult, WatchSocket } from "../../../../src/instance/protocol.ts";
import type { HistoryEvent } from "../../../../src/model/history-event.ts";
import { readPosition } from "../../../../src/model/history-position.ts";
import { type Frame, framesIn } from "../../../frames.ts";
import type { World } from "../world.ts";

export class Watcher {
  readonly frames: Frame[] = [];
  /** As they came: each is a message. */
  readonly messages: string[] = [];
  isOpen = false;
  lastId: string | undefined;
  readonly #world: World;
  readonly #id: string;
  readonly #tells: boolean;
  #socket: WatchSocket | undefined;

  /** `tells`: whether it says at once what it has passed on, as one with a fast client. */
  constructor(world: World, id: string, { tells = true }: { tells?: boolean } = {}) {
    this.#world = world;
    this.#id = id;
    this.#tells = tells;
  }

  /** Begins after the last event that it has. */
  async connect(after = this.lastId): Promise<WatchResult> {
    const result = this.#world.watch(this.#id, after === undefined ? undefined : readPosition(after));
    await this.#world.settle();
    const watched = await result;
    if (!watched.ok) return watched;
    this.#socket = watched.socket;
    this.isOpen = true;
    watched.socket.addEventListener("message", ({ data }) => this.#take(String(data)));
    watched.socket.addEventListener("close", () => {
      this.isOpen = false;
    });
    watched.socket.accept();
    await this.#world.settle();
    return watched;
  }

  /** Tells that it has passed on so many characters. */
  async tell(length: number | string): Promise<void> {
    this.#socket?.send(String(length));
    await this.#world.settle();
  }

  async leave(): Promise<void> {
    this.#socket?.close();
    this.isOpen = false;
    await this.#world.settle();
  }

  /** The events of the history, as it was told of them. */
  get events(): HistoryEvent[] {
    return this.frames.filter(({ event }) => event === "history").map(({ data }) => data as unknown as HistoryEvent);
  }

  /** Of all frames: the type of the event, or what it is beside one. */
  get told(): string[] {
    return this.frames.map(({ event, data }) => (event === "history" ? String(data.type) : event));
  }

  #take(text: string): void {
    this.messages.push(text);
    for (const frame of framesIn(text)) {
      this.frames.push(frame);
      this.lastId = frame.id ?? this.lastId;
    }
    if (this.#tells) this.#socket?.send(String(text.length));
  }
}

/** Begins to watch at once. */
export async function watch(world: World, id: string, options: { tells?: boolean } = {}): Promise<Watcher> {
  const watcher = new Watcher(world, id, options);
  await watcher.connect();
  return watcher;
}

/** What is amiss with the numbers of the events: within an execution each is the one before and one, from where it began. */
export function gapsOf({ frames }: Watcher, from = 0): string[] {
  const faults: string[] = [];
  let expected: { executionId?: string; position: number } = { position: from };
  for (const { event, id, data } of frames) {
    if (event === "execution") expected = { executionId: String(data.executionId), position: 0 };
    if (event !== "history") continue;
    const found = readPosition(id ?? "");
    const { executionId = found?.executionId, position } = expected;
    if (found?.executionId !== executionId || found?.position !== position)
      faults.push(`${id} where ${executionId}.${position} was to come`);
    expected = { ...(found && { executionId: found.executionId }), position: (found?.position ?? 0) + 1 };
  }
  return faults;
}
