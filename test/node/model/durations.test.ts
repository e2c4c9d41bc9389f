import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration } from "../../../src/model/go-duration.ts";
import { retentionFrom, retentionOf, retentionPolicyFrom } from "../../../src/model/retention.ts";

const S = 1_000_000_000n;

describe("durations, as Go's time.ParseDuration reads them", () => {
  it.each<[string, bigint]>([
    ["0", 0n],
    ["+0", 0n],
    ["-0", 0n],
    ["0s", 0n],
    ["5s", 5n * S],
    ["30s", 30n * S],
    ["1478s", 1478n * S],
    ["-5s", -5n * S],
    ["+5s", 5n * S],
    ["5.0s", 5n * S],
    ["5.6s", 5_600_000_000n],
    ["5.s", 5n * S],
    [".5s", 500_000_000n],
    ["1.004s", 1_004_000_000n],
    ["1.00400s", 1_004_000_000n],
    ["100.00100s", 100_001_000_000n],
    ["10ns", 10n],
    ["11us", 11_000n],
    ["12µs", 12_000n],
    ["12μs", 12_000n],
    ["13ms", 13_000_000n],
    ["15m", 15n * 60n * S],
    ["16h", 16n * 3_600n * S],
    ["3h30m", 12_600n * S],
    ["10.5s4m", 250_500_000_000n],
    ["-2m3.4s", -123_400_000_000n],
    ["1h2m3s4ms5us6ns", 3_723_004_005_006n],
    ["39h9m14.425s", 140_954_425_000_000n],
    ["52763797000ns", 52_763_797_000n],
    ["0.3333333333333333333h", 1_200n * S],
    ["9007199254740993ns", 9_007_199_254_740_993n],
    ["9223372036854775807ns", 9_223_372_036_854_775_807n],
    ["9223372036854775.807us", 9_223_372_036_854_775_807n],
    ["-9223372036854775808ns", -9_223_372_036_854_775_808n],
    ["0.100000000000000000000h", 360n * S],
    ["0.830103483285477580700h", 2_988_372_539_827n],
    ["0000000000000000000000000001s", S],
  ])("[D20] %s", (text, ns) => {
    expect(parseDuration(text)).toEqual({ ns });
  });

  it.each([
    ["", 'invalid duration ""'],
    ["3", 'missing unit in duration "3"'],
    ["-", 'invalid duration "-"'],
    ["s", 'invalid duration "s"'],
    [".", 'invalid duration "."'],
    ["-.", 'invalid duration "-."'],
    [".s", 'invalid duration ".s"'],
    ["+.s", 'invalid duration "+.s"'],
    ["1d", 'unknown unit "d" in duration "1d"'],
    ["1h 30m", 'unknown unit "h " in duration "1h 30m"'],
    ["1.2.3s", 'missing unit in duration "1.2.3s"'],
    ["1constructor", 'unknown unit "constructor" in duration "1constructor"'],
    ["--5s", 'invalid duration "--5s"'],
    ["1s-", 'unknown unit "s-" in duration "1s-"'],
    [" 1s", 'invalid duration " 1s"'],
    ["1S", 'unknown unit "S" in duration "1S"'],
    ["9223372036854775808ns", 'invalid duration "9223372036854775808ns"'],
    ["9223372036854775.808us", 'invalid duration "9223372036854775.808us"'],
    ["-9223372036854775809ns", 'invalid duration "-9223372036854775809ns"'],
    ["3000000h", 'invalid duration "3000000h"'],
    [`${"9".repeat(200)}s`, `invalid duration "${"9".repeat(100)}…"`],
  ])("[D20] %s is none: %s", (text, problem) => {
    expect(parseDuration(text)).toEqual({ problem });
  });

  it.each<[string, object]>([
    ["24h", { ms: 86_400_000 }],
    ["0s", { ms: 0 }],
    ["-0s", { ms: 0 }],
    ["1ns", { ms: 1 }],
    ["1000001ns", { ms: 2 }],
    ["-1s", { problem: "it is below 0s" }],
    ["soon", { problem: 'invalid duration "soon"' }],
  ])("[D20] an instance is kept for %s: %j, in whole milliseconds and not less", (text, expected) => {
    expect(retentionFrom(text)).toEqual(expected);
  });

  it.each([
    [0, "0s"],
    [500, "0.5s"],
    [90_000, "90s"],
    [5_400_000, "90m"],
    [86_400_000, "24h"],
    [86_400_500, "86400.5s"],
  ])("[D20] %d ms are told as %s, which is read as the same", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
    expect(retentionFrom(text)).toEqual({ ms });
  });

  it("[D20] a policy is read once, in milliseconds; what is left out is kept", () => {
    expect(retentionPolicyFrom(undefined)).toBeUndefined();
    const policy = retentionPolicyFrom({ completed: "1m", failed: "0s", terminated: null });
    expect(policy).toEqual({ completed: 60_000, failed: 0 });
    const kept = (["COMPLETED", "FAILED", "CANCELED", "TERMINATED"] as const).map((status) =>
      retentionOf(policy ?? {}, status),
    );
    expect(kept).toEqual([60_000, 0, undefined, undefined]);
  });
});
