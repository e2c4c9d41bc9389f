// Those who watch an instance in a simulation, and connect again whenever their socket is closed.
import type { WatchSocket } from "../../../src/instance/protocol.ts";
import { readPosition } from "../../../src/model/history-position.ts";
import { type Frame, framesIn } from "../../frames.ts";
import type { World } from "../instance/world.ts";

/** So often in a row it connects and hears of no event that it has not. */
const MAX_ATTEMPTS = 30;
const PAUSE_MS = 700;

/** Beside those who watch, nothing in the world is any different: so a simulation without them has the chance it always had. */
export class Observer {
  readonly frames: Frame[] = [];
  readonly id: string;
  connections = 0;
  readonly #world: World;
  #lastId: string | undefined;
  #closed: Promise<void> | undefined;

  constructor(world: World, id: string) {
    this.#world = world;
    this.id = id;
  }

  /** Until nothing comes any more. */
  async run(): Promise<void> {
    for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts++) {
      const before = this.#lastId;
      await this.connect();
      await this.#closed;
      if (this.#lastId !== before) attempts = 0;
      await this.#world.sleep(PAUSE_MS);
    }
  }

  /** Begins after the last event that it has. */
  async connect(): Promise<void> {
    this.connections++;
    this.#closed = undefined;
    try {
      const after = this.#lastId === undefined ? undefined : readPosition(this.#lastId);
      const result = await this.#world.watch(this.id, after);
      if (result.ok) this.#closed = this.#read(result.socket);
    } catch {
      // The object was lost, or cannot read its database.
    }
  }

  /** Resolves when the socket is closed. */
  #read(socket: WatchSocket): Promise<void> {
    return new Promise((resolve) => {
      socket.addEventListener("message", ({ data }) => {
        for (const frame of framesIn(String(data))) {
          this.frames.push(frame);
          this.#lastId = frame.id ?? this.#lastId;
        }
        socket.send(String(String(data).length));
      });
      socket.addEventListener("close", resolve);
      socket.accept();
    });
  }
}

/** [P15], of one who has connected until the world came to rest, and once more. */
export function faultsOfObserver({ frames, id }: Observer, world: World): string[] {
  const faults: string[] = [];
  let at: { executionId: string; position: number } | undefined;
  const { executionId: current, events } = historyOf(world, id);
  for (const { event, id: eventId = "", data } of frames) {
    if (event === "execution") at = { executionId: String(data.executionId), position: -1 };
    if (event !== "history") continue;
    const found = readPosition(eventId);
    if (found === undefined) return [`${id}: ${eventId} is no ID of an event`];
    const expected = at ?? { executionId: found.executionId, position: -1 };
    if (found.executionId !== expected.executionId || found.position !== expected.position + 1)
      faults.push(`${id}: after ${expected.executionId}.${expected.position} comes ${eventId}`);
    if (found.executionId === current && JSON.stringify(data) !== events[found.position])
      faults.push(`${id}: ${eventId} was told and is another: ${JSON.stringify(data)}, ${events[found.position]}`);
    at = found;
  }
  if (current !== undefined && (at?.executionId !== current || at.position !== events.length - 1))
    faults.push(`${id}: has been told up to ${at?.executionId}.${at?.position} of ${current}.${events.length - 1}`);
  return faults;
}

/** The execution that the database holds; none where nothing is. */
function historyOf(world: World, id: string): { executionId?: string; events: string[] } {
  const host = world.host(id);
  if (!host.db.hasTable("instance") && !host.db.hasTable("history")) return { events: [] };
  const history = host.history();
  const [first] = history;
  const executionId = first?.type === "ExecutionStarted" ? first.executionId : undefined;
  return { ...(executionId !== undefined && { executionId }), events: history.map((event) => JSON.stringify(event)) };
}
