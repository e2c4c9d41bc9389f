// Instances of every kind in flight, callers at work, and everything killed again and again.
import { setTimeout as delay } from "node:timers/promises";
import { Audit } from "./audit.ts";
import { Client } from "./client.ts";
import { hasNoAlarm } from "./database.ts";
import { insist, untilQuiet, type Verdict } from "./harness.ts";
import { KINDS, type Kind } from "./kinds.ts";
import { Host } from "./processes.ts";
import { randomFrom } from "./random.ts";
import { Recorder } from "./recorder.ts";
import { type Stage, Subject } from "./subject.ts";

export interface CampaignOptions {
  readonly directory: string;
  readonly seed: number;
  readonly kills: number;
  /** In the place of kills: other code is served, by the same server, from the same directory. */
  readonly reloads?: boolean;
  /** How many callers there are: as soon as the instance of one has ended, it starts another of its kind. */
  readonly instances: number;
  /** The latest moment of a kill after the server is there. */
  readonly longestMs: number;
  readonly tell?: (line: string) => void;
}

export interface CampaignResult extends Verdict {
  /** Reports and requests of the harness that were sent again because their connection was lost. */
  readonly transportRepeats: number;
  readonly acknowledged: Stage["acknowledged"];
  /** All that were ever started, children and detached ones among them. */
  readonly instances: number;
  /** How many were on disk and had not ended when everything was killed, or other code came; the least of all times. */
  readonly leastInFlight: number;
  /** Runs of activities that came to their end, and those that were begun again because a kill had cut them off. */
  readonly activities: number;
  readonly repeated: number;
  /** The code that activities have run with, one entry for each change. */
  readonly editions: readonly string[];
}

/** What ends, ends within this time after the last sign of anything that goes on. */
const QUIET_MS = 120_000;
const STARTS = 3;
const realTime = { now: Date.now, delay: (ms: number) => delay(ms) };
const TERMINAL = new Set(["COMPLETED", "FAILED", "CANCELED", "TERMINATED"]);

export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { directory, seed, kills, reloads = false, instances, longestMs, tell = () => undefined } = options;
  const random = randomFrom(seed);
  const moments = Array.from({ length: kills }, () => 20 + Math.floor(random() * (longestMs - 20)));
  const recorder = await Recorder.listen([]);
  recorder.latencyMs = () => Math.floor(random() * 20);
  const client = new Client();
  const audit = new Audit(recorder);
  const { violations } = audit;
  const acknowledged = { starts: 0, events: 0, updates: 0, operations: 0 };
  const stage: Stage = { client, recorder, isFinishing: false, acknowledged, violations };
  const subjects: Subject[] = [];
  const inFlight = new Set<Subject>();
  let leastInFlight = Number.POSITIVE_INFINITY;
  audit.mayBeGone = (id) => {
    const [root = ""] = id.split(":");
    return subjects.some((subject) => subject.id === root && subject.mayBeGone);
  };

  const launch = (kind: Kind) => {
    const subject = new Subject(`s${subjects.length}`, kind, stage, randomFrom(seed + subjects.length));
    subjects.push(subject);
    inFlight.add(subject);
    const ended = () => {
      inFlight.delete(subject);
      if (!stage.isFinishing) launch(kind);
    };
    // What is wrong with the engine is told as such: a caller that throws is a mistake of its own.
    kind.play(subject).then(ended, (error) => {
      inFlight.delete(subject);
      audit.blameHarness(subject.id, `its caller has failed: ${String(error)}`);
    });
  };

  const startHost = () =>
    insist("The server did not start", STARTS, () =>
      Host.start(directory, recorder.url, { worker: "./kinds-worker.js" }),
    );
  const progress = () => `${recorder.reports.length} ${Object.values(acknowledged)} ${inFlight.size}`;
  const settles = (isSo: () => boolean) => untilQuiet(isSo, progress, QUIET_MS, realTime);
  let host: Host | undefined;
  try {
    host = await startHost();
    client.up(host.origin);
    for (let n = 0; n < instances; n++) launch(KINDS[n % KINDS.length] as Kind);
    if (!(await settles(() => acknowledged.starts >= instances)))
      violations.push({ what: "lost", text: `only ${acknowledged.starts} of ${instances} starts are acknowledged` });
    for (const [n, momentMs] of moments.entries()) {
      await delay(momentMs);
      if (reloads) {
        await host.reload(`edition ${n + 2}`);
        leastInFlight = Math.min(leastInFlight, inFlight.size);
        continue;
      }
      const killed = host;
      await insist("The server did not end", 1, () => killed.kill());
      client.down();
      const onDisk = audit.crashed(directory);
      const live = [...onDisk.values()].filter(({ status }) => !TERMINAL.has(status)).length;
      leastInFlight = Math.min(leastInFlight, live);
      for (const { id, isStarted, mayBeGone } of subjects)
        if (isStarted && !mayBeGone && !onDisk.has(id))
          violations.push({ what: "lost", text: `${id} was acknowledged` });
      tell(`kill ${n + 1} of ${kills} after ${momentMs} ms: ${live} in flight, ${onDisk.size} on disk`);
      host = await startHost();
      client.up(host.origin);
    }
    stage.isFinishing = true;
    await settles(() => inFlight.size === 0);
    for (const { id, kind } of inFlight) violations.push({ what: "lost", text: `${id} (${kind.name}) does not end` });
    // Nobody asks after them any more: children, detached ones and messages come to their end by themselves.
    await settles(() => hasNoAlarm(directory));
    await host.stop();
    const atEnd = audit.ended(directory);
    for (const subject of subjects) subject.expectEnd(atEnd);
    const finished = recorder.reports.filter(({ phase }) => phase === "finished").length;
    const repeated = recorder.reports.length - finished - finished;
    const editions = recorder.reports.map(({ edition }) => edition).filter((edition, n, all) => edition !== all[n - 1]);
    const transportRepeats = recorder.repeats + client.refusals;
    const seen = { acknowledged, instances: atEnd.size, leastInFlight, activities: finished, repeated, editions };
    return { ...audit.verdict(), ...seen, transportRepeats };
  } finally {
    await host?.kill();
    await recorder.close();
  }
}
