/*
 * Spans of OpenTelemetry, as far as workflows have them. Their IDs are made from the IDs of what they are of: whoever tells of the same once
 * more, after a crash or in a replay, tells it under the same ID.
 */

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

export interface SpanPlace {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
}

export interface Span extends SpanPlace {
  readonly parentSpanId?: string | undefined;
  readonly name: string;
  /** 1: within; 2: for a request; 3: of another instance, which has a span of its own below. */
  readonly kind: 1 | 2 | 3;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly error?: { readonly type: string; readonly message?: string | undefined } | undefined;
  readonly links?: readonly SpanPlace[] | undefined;
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/;

/** What a traceparent says; `undefined` where it is none. */
export function placeIn(traceparent: string | undefined): (SpanPlace & { readonly isSampled: boolean }) | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function traceIdOf(...of: readonly (string | number)[]): string {
  return hash(of, 4);
}

export function spanIdOf(...of: readonly (string | number)[]): string {
  return hash(of, 2);
}

/** So many times 32 bits: FNV-1a over each unit, each time from another beginning, and stirred as MurmurHash does. Never all zeros. */
function hash(of: readonly (string | number)[], lanes: number): string {
  const text = JSON.stringify(of);
  let digits = "";
  for (let lane = 1; lane <= lanes; lane++) {
    let state = Math.imul(lane, 0x9e3779b1);
    for (let n = 0; n < text.length; n++) {
      state = Math.imul(state ^ text.charCodeAt(n), 0x01000193);
      state ^= state >>> 15;
    }
    state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
    digits += ((state ^ (state >>> 16)) >>> 0).toString(16).padStart(8, "0");
  }
  return /^0+$/.test(digits) ? digits.replace(/0$/, "1") : digits;
}
