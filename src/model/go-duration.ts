/*
 * Durations as Go writes them ("24h", "1h30m", "1.5s"), which is how Dapr has them in its configuration.
 */

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  // The sign for micro, and the Greek letter.
  "\u00b5s": 1_000n,
  "\u03bcs": 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const LIMIT = 2n ** 63n;

/** In nanoseconds, or why it is none. Both are those of Go's `time.ParseDuration`, with its limits: some 292 years. */
export type Duration = { readonly ns: bigint } | { readonly problem: string };

const SHOWN_LENGTH = 100;

export function parseDuration(text: string): Duration {
  const shown = JSON.stringify(text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text);
  const invalid = { problem: `invalid duration ${shown}` };
  const isNegative = text.startsWith("-");
  const parts = /^[-+]/.test(text) ? text.slice(1) : text;
  if (parts === "0") return { ns: 0n };
  if (parts === "") return invalid;
  let sum = 0n;
  for (const [part, whole = "", fraction = "", unit = ""] of parts.matchAll(/(\d*)(?:\.(\d*))?([^\d.]*)/g)) {
    // Behind the last one.
    if (part === "") break;
    if (whole + fraction === "") return invalid;
    if (unit === "") return { problem: `missing unit in duration ${shown}` };
    const unitNs = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
    if (unitNs === undefined) return { problem: `unknown unit ${JSON.stringify(unit)} in duration ${shown}` };
    if (whole.replace(/^0+/, "").length > 19) return invalid;
    sum += BigInt(whole) * unitNs + fractionOf(fraction, unitNs);
    if (sum > LIMIT) return invalid;
  }
  if (!isNegative && sum === LIMIT) return invalid;
  return { ns: isNegative ? -sum : sum };
}

/** A whole number of hours or minutes, else seconds: "24h", "90m", "1.5s". */
export function formatDuration(ms: number): string {
  for (const [unit, unitMs] of Object.entries({ h: 3_600_000, m: 60_000 }))
    if (ms > 0 && ms % unitMs === 0) return `${ms / unitMs}${unit}`;
  return `${ms / 1_000}s`;
}

/** Go leaves out the digits that do not fit, and reckons with floating point, too. */
function fractionOf(digits: string, unitNs: bigint): bigint {
  let value = 0n;
  let scale = 1;
  for (const digit of digits) {
    const next = value * 10n + BigInt(digit);
    if (next > LIMIT - 1n) break;
    value = next;
    scale *= 10;
  }
  return BigInt(Math.trunc(Number(value) * (Number(unitNs) / scale)));
}
