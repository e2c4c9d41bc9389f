// The options of createWorker: what is refused when the Worker is loaded, and what the error says.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readWorkerOptions, type WorkerOptions, workerOptions } from "../../../src/worker-options.ts";

const read = (options: object) => () => readWorkerOptions(options as WorkerOptions);

it("[H102] the table in production.md has every option, and nothing else", () => {
  const page = readFileSync(new URL("../../../docs/production.md", import.meta.url), "utf8");
  const rows =
    page
      .split("## Options of createWorker")[1]
      ?.split("\n## ")[0]
      ?.match(/^\| `[^|]*/gm) ?? [];
  const named = rows.flatMap((row) => [...row.matchAll(/`(\w+)`/g)].map((match) => match[1]));
  expect(named.sort()).toEqual([...workerOptions.names].sort());
});

describe("createWorker", () => {
  it("[H102] takes every option it knows, and null for left out", () => {
    const options: WorkerOptions = {
      maxBodyBytes: 1024,
      appId: "a",
      limits: { watchdogMs: 0, maxConcurrentActivities: 1 },
      onNonDeterminism: "stall",
      logLevel: "none",
      logFailureMessages: false,
      unknownWorkflows: "refuse",
      basePath: "/a/b-c_d.e~f",
      allowedOrigins: [
        "https://app.example.com",
        "http://localhost:5173",
        "http://[::1]:8080",
        "https://xn--bcher-kva.example",
      ],
      stateRetentionPolicy: { anyTerminal: "360h", completed: "1m", failed: "0", terminated: "0s" },
      jurisdiction: "fedramp-high",
      locationHint: "apac-ne",
    };
    expect(readWorkerOptions(options)).toEqual(options);
    expect(readWorkerOptions({})).toEqual({});
    expect(read({ basePath: null, allowedOrigins: null, limits: null })).not.toThrow();
  });

  it.each([
    [{ allowedOrigin: [] }, /unknown option allowedOrigin of createWorker, did you mean allowedOrigins/],
    [{ basepath: "/a" }, /did you mean basePath/],
    [
      { limits: { watchdog: 1 } },
      /unknown option limits\.watchdog of createWorker, did you mean limits\.watchdogMs|did you mean watchdogMs/,
    ],
    [{ limits: { maxConcurrentActivities: 0 } }, /limits\.maxConcurrentActivities is a number from 1, found 0/],
    [{ limits: { watchdogMs: Number.NaN } }, /limits\.watchdogMs is a number from 0, found NaN/],
    [{ onNonDeterminism: "ignore" }, /onNonDeterminism is "fail" or "stall", found "ignore"/],
    [{ logLevel: "debug" }, /logLevel is "info" or "warn" or "error" or "none", found "debug"/],
    [{ unknownWorkflows: true }, /unknownWorkflows is "accept" or "refuse", found true/],
    [{ stateRetentionPolicy: "24h" }, /stateRetentionPolicy is an object of Go durations, found "24h"/],
    [
      { stateRetentionPolicy: { completed: 60 } },
      /stateRetentionPolicy\.completed is a Go duration from 0s, for instance "24h" or "1h30m", found 60/,
    ],
    [{ stateRetentionPolicy: { failed: "1d" } }, /stateRetentionPolicy\.failed is a Go duration.*, found "1d"/],
    [{ stateRetentionPolicy: { anyTerminal: "-1s" } }, /stateRetentionPolicy\.anyTerminal is .*, found "-1s"/],
    [
      { stateRetentionPolicy: { canceled: "1h" } },
      /unknown option stateRetentionPolicy\.canceled of createWorker.* Known: anyTerminal, completed, failed, terminated/,
    ],
    [{ jurisdiction: "EU" }, /jurisdiction is "eu" or "fedramp" or "fedramp-high" or "us", found "EU"/],
    [{ locationHint: "europe" }, /locationHint is "wnam" or .* or "me", found "europe"/],
  ])("[H102] refuses %j", (options, message) => {
    expect(read(options)).toThrow(message);
  });

  it.each([
    "workflows-api",
    "/workflows-api/",
    "/",
    "",
    "//a",
    "/a//b",
    "/a/../b",
    "/a b",
    "/ä",
    "/a?b",
    "/a#b",
    "https://a.example/b",
    "/v1.0",
    "/v1.0/workflows",
    "/v1.0-alpha1",
    "/v1.0-beta1/workflows",
    7,
  ])("[H102] refuses the basePath %j, and says how one is written", (basePath) => {
    expect(read({ basePath })).toThrow(/createWorker: basePath is .*, found /);
  });

  it.each([
    ["https://app.example.com/", /allowedOrigins\[1\] .* write "https:\/\/app\.example\.com"$/],
    ["https://app.example.com:443", /write "https:\/\/app\.example\.com"$/],
    ["HTTPS://App.Example.com", /write "https:\/\/app\.example\.com"$/],
    ["https://u@app.example.com", /write "https:\/\/app\.example\.com"$/],
    ["https://app.example.com/path", /write "https:\/\/app\.example\.com"$/],
    ["https://bücher.example", /write "https:\/\/xn--bcher-kva\.example"$/],
    ["app.example.com", /is an origin as browsers write it.*, found "app\.example\.com"$/],
    ["https://*.example.com", /is an origin as browsers write it.*, found "https:\/\/\*\.example\.com"$/],
    ["null", /is an origin as browsers write it/],
    ["file:///a", /is an origin as browsers write it/],
    ["", /is an origin as browsers write it/],
    [7, /is an origin as browsers write it.*, found 7$/],
    ["*", /is "\*", which would let the pages of everybody start, read and purge workflows: name the origins/],
  ])("[H102] refuses the origin %j", (origin, message) => {
    expect(read({ allowedOrigins: ["https://right.example", origin] })).toThrow(message);
  });

  it("[H102] refuses one text in the place of a list", () => {
    expect(read({ allowedOrigins: "https://app.example.com" })).toThrow(/allowedOrigins is a list of origins/);
  });
});
