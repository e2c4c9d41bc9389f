import { WorkflowApiError } from "./client-errors.ts";
import { CutOffError, isLost } from "./lost-connection.ts";

/** A connection that brings nothing for so long is lost; a stream of events has a heartbeat every 15 seconds. */
const PATIENCE_MS = 45_000;

/**
 * The text of an answer, in the pieces in which it comes; an empty one is the first, once the server has answered. `open` asks for it. Rejects with
 * CutOffError when the connection is lost, and with the signal's reason when the caller ends it; whoever stops reading ends the request.
 */
export async function* piecesOf(
  what: string,
  open: (signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  signal?.throwIfAborted();
  const line = new AbortController();
  const end = () => line.abort(signal?.reason);
  signal?.addEventListener("abort", end);
  try {
    const body = await within(what, line, () => open(line.signal));
    yield "";
    const reader = body.getReader();
    line.signal.addEventListener("abort", () => void reader.cancel().catch(() => undefined));
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await within(what, line, () => reader.read());
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } catch (error) {
    throw line.signal.aborted ? line.signal.reason : cutOff(what, error);
  } finally {
    signal?.removeEventListener("abort", end);
    line.abort();
  }
}

/** What breaks off after it has begun has other words in each runtime. */
function cutOff(what: string, error: unknown): unknown {
  if (error instanceof WorkflowApiError || isLost(error)) return error;
  const why = error instanceof Error ? error.message : error;
  return new CutOffError(`${what} was cut off: ${why}`, { cause: error });
}

/** Ends the line when that takes too long. */
async function within<T>(what: string, line: AbortController, ask: () => Promise<T>): Promise<T> {
  const late = setTimeout(() => line.abort(new CutOffError(`${what} brings nothing`)), PATIENCE_MS);
  try {
    return await ask();
  } finally {
    clearTimeout(late);
  }
}
