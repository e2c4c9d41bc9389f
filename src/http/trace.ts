/** W3C Trace Context: what a request brought, continued by one span of ours. */
export interface TraceContext {
  readonly traceId: string;
  /** Ours: the caller's trace, a new span, the caller's flags. Goes into the answer and, with a start, to the instance. */
  readonly traceparent: string;
  /** As it came, and only beside a valid traceparent. */
  readonly tracestate?: string;
  /** The caller's span, within which ours is. */
  readonly callerSpanId?: string;
}

// Version 00 is exactly this long. A later version may append fields, which we do not pass on.
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

/** A traceparent that is missing or invalid starts a new trace; it is never a reason to refuse the request. */
export function continueTrace(headers: Headers): TraceContext {
  const incoming = headers.get("traceparent");
  const parent = incoming === null ? undefined : parseTraceparent(incoming);
  // A trace that begins here is marked as sampled, because each request leaves a log line with its trace ID.
  if (parent === undefined) {
    const ids = randomHex(TRACE_ID_BYTES + SPAN_ID_BYTES);
    return contextOf(ids.slice(0, 2 * TRACE_ID_BYTES), ids.slice(2 * TRACE_ID_BYTES), "01");
  }
  const tracestate = headers.get("tracestate");
  const { spanId: callerSpanId } = parent;
  const context = { ...contextOf(parent.traceId, randomHex(SPAN_ID_BYTES), parent.flags), callerSpanId };
  return tracestate === null ? context : { ...context, tracestate };
}

function contextOf(traceId: string, spanId: string, flags: string): TraceContext {
  return { traceId, traceparent: `00-${traceId}-${spanId}-${flags}` };
}

function parseTraceparent(text: string): { traceId: string; spanId: string; flags: string } | undefined {
  const [, version, traceId, spanId, flags, rest] = TRACEPARENT.exec(text) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, flags };
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function randomHex(bytes: number): string {
  let hex = "";
  for (const byte of crypto.getRandomValues(new Uint8Array(bytes))) hex += HEX[byte];
  return hex;
}

// https://www.w3.org/TR/baggage/#definition: list-member = key "=" value *( ";" property ), property = key [ "=" value ]
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
// With its own trailing space, so that no two parts of the pattern can match the same space (no quadratic search).
const VALUE = "([\\x21\\x23-\\x2b\\x2d-\\x3a\\x3c-\\x5b\\x5d-\\x7e]+\\s*)?";
const BAGGAGE_MEMBER = new RegExp(`^\\s*${TOKEN}\\s*=\\s*${VALUE}(;\\s*${TOKEN}\\s*(=\\s*${VALUE})?)*$`);
const MAX_BAGGAGE_BYTES = 8192;

export function isValidBaggage(baggage: string): boolean {
  return baggage.length <= MAX_BAGGAGE_BYTES && baggage.split(",").every((member) => BAGGAGE_MEMBER.test(member));
}
