import { type HistoryPosition, positionText, readPosition } from "../model/history-position.ts";
import type { Socket, Sockets, WatchState } from "./ports.ts";
import type { WatchResult, WatchSocket } from "./protocol.ts";

/*
 * Watchers, between the Worker and the object: a WebSocket, which only `fetch` can hand on. The object accepts it with `acceptWebSocket`, so that
 * the platform may put the object out of memory while it is open, and keeps where the watcher is.
 */

/** What opens a WebSocket to an object, to watch with. */
interface Fetcher {
  fetch(request: Request): Promise<Response>;
}

/** The Worker's side. Rejects when the object does not answer. */
export async function watchInstance(instance: Fetcher, after: HistoryPosition | undefined): Promise<WatchResult> {
  const query = after === undefined ? "" : `?after=${encodeURIComponent(positionText(after))}`;
  const response = await instance.fetch(
    new Request(`http://instance/events${query}`, { headers: { upgrade: "websocket" } }),
  );
  const { webSocket } = response;
  return webSocket ? { ok: true, socket: webSocket } : response.json<WatchResult>();
}

/** The object's side: where a request is to begin; `undefined` for one that is no watcher's. */
export function readWatch(request: Request): { readonly after: HistoryPosition | undefined } | undefined {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") return undefined;
  return { after: readPosition(new URL(request.url).searchParams.get("after") ?? "") };
}

export function watchAnswer(result: WatchResult): Response {
  if (!result.ok) return Response.json(result);
  return new Response(null, { status: 101, webSocket: result.socket as WatchSocket & WebSocket });
}

export function notAWatcher(): Response {
  return new Response("An instance takes calls, and WebSockets of those who watch it.", { status: 426 });
}

export class PlatformSockets implements Sockets {
  readonly #ctx: DurableObjectState;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
  }

  open(): Socket[] {
    const open = this.#ctx.getWebSockets().filter(({ readyState }) => readyState === WebSocket.OPEN);
    return open.map((socket) => new PlatformSocket(socket));
  }

  accept(state: WatchState): { socket: Socket; theirs: WatchSocket } {
    const { 0: theirs, 1: ours } = new WebSocketPair();
    this.#ctx.acceptWebSocket(ours);
    const socket = new PlatformSocket(ours);
    socket.state = state;
    return { socket, theirs };
  }
}

export class PlatformSocket implements Socket {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  get state(): WatchState {
    return this.#socket.deserializeAttachment();
  }

  set state(state: WatchState) {
    this.#socket.serializeAttachment(state);
  }

  send(text: string): void {
    try {
      this.#socket.send(text);
    } catch {
      // Its other end has gone: the object is told in a moment.
    }
  }

  close(): void {
    try {
      this.#socket.close(1000);
    } catch {
      // It is closed.
    }
  }
}
