import type { WatchSocket } from "../instance/protocol.ts";

const HEARTBEAT_MS = 15_000;
/** A client that takes nothing for so many heartbeats is let go: it comes again, or has gone. */
const MOST_MISSED = 4;
/** The instance is told what was passed on when it is as much as this, so that the events of a quiet one are one message each. */
const TELL_AFTER = 64 * 1024;

const encoder = new TextEncoder();
/** How long a browser waits before it connects again. */
const RETRY = encoder.encode("retry: 1000\n\n");
const HEARTBEAT = encoder.encode(":\n\n");

/**
 * What the instance sends, as a stream to the client. The instance sends only so much more than was passed on, which bounds what waits here for a
 * slow client. When either end has gone, so does the other.
 */
export function eventStream(socket: WatchSocket, signal: AbortSignal): ReadableStream<Uint8Array> {
  const stream = new EventStream(socket);
  // Above 0 as long as nothing waits.
  const readable = new ReadableStream<Uint8Array>(stream, new ByteLengthQueuingStrategy({ highWaterMark: 1 }));
  const abort = () => stream.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return readable;
}

class EventStream {
  readonly #socket: WatchSocket;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #heartbeat: ReturnType<typeof setInterval> | null = null;
  #missed = 0;
  /** Bytes that were handed on, and those of them that the client had taken at the last heartbeat. */
  #bytes = 0;
  #taken = 0;
  /** Characters that the instance has sent, and was not told to be passed on. */
  #untold = 0;

  constructor(socket: WatchSocket) {
    this.#socket = socket;
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
    this.#enqueue(RETRY);
    this.#socket.addEventListener("message", ({ data }) => this.#passOn(String(data)));
    this.#socket.addEventListener("close", () => this.#end());
    this.#socket.addEventListener("error", () => this.#end());
    this.#socket.accept();
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
  }

  /** The client has taken all that there was. */
  pull(): void {
    if (this.#untold < TELL_AFTER) return;
    this.#socket.send(String(this.#untold));
    this.#untold = 0;
  }

  /** The client has gone. */
  cancel(): void {
    this.#stop();
    this.#socket.close();
  }

  abort(reason: unknown): void {
    this.#controller?.error(reason);
    this.cancel();
  }

  #passOn(text: string): void {
    this.#untold += text.length;
    this.#enqueue(encoder.encode(text));
  }

  #enqueue(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    this.#controller?.enqueue(bytes);
  }

  #beat(): void {
    const waiting = 1 - (this.#controller?.desiredSize ?? 1);
    if (waiting === 0) this.#enqueue(HEARTBEAT);
    const taken = this.#bytes - waiting;
    this.#missed = taken > this.#taken ? 0 : this.#missed + 1;
    this.#taken = taken;
    if (this.#missed >= MOST_MISSED) this.abort(new Error("The client takes nothing"));
  }

  /** After what came last, or the instance is being moved: what waits here is still the client's. */
  #end(): void {
    this.#controller?.close();
    this.#stop();
  }

  #stop(): void {
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    this.#controller = undefined;
  }
}
