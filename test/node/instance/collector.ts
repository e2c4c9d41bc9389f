// A collector of spans, as an instance of a world sees it. What it is sent leaves when what is written is durable.
import type { SpanOutbox, TracePort } from "../../../src/instance/ports.ts";
import type { Span } from "../../../src/model/span.ts";
import type { Fate, Host } from "./host.ts";
import { never } from "./timeline.ts";

export class Collector {
  readonly requests: (readonly Span[])[] = [];
  /** Of all instances: as if they lay in one isolate. */
  readonly outbox: SpanOutbox = { spans: [], takenUntilMs: 0 };
  /** "silence": none ever comes. */
  answer: () => number | Error | "silence" = () => 200;

  get spans(): Span[] {
    return this.requests.flat();
  }

  portOf(host: Host, fate: Fate): TracePort {
    return {
      outbox: this.outbox,
      send: async (spans, signal) => {
        if (fate.dead) return never();
        await new Promise<void>((resolve) => void host.gated.push(resolve));
        if (fate.dead) return never();
        this.requests.push(structuredClone(spans));
        const answer = this.answer();
        if (answer instanceof Error) throw answer;
        if (typeof answer === "number") return answer;
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
    };
  }
}
