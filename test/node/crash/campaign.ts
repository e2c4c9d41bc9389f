// Instances of every kind in flight, callers at work, and everything killed again and again.
import { setTimeout as delay } from "node:timers/promises";
import { isJobId } from "../../../src/model/ids.ts";
import { LEASE_MS } from "../../../src/model/lease.ts";
import { Random } from "../random.ts";
import { Audit } from "./audit.ts";
import { type CatalogFindings, type CatalogSight, lookAtCatalog } from "./catalog-audit.ts";
import { Client } from "./client.ts";
import { hasNoAlarm } from "./database.ts";
import { HarnessError, insist, LateError, rootOf, untilQuiet, type Verdict, within } from "./harness.ts";
import { KINDS, type Kind } from "./kinds.ts";
import { hasEnded, openTrees } from "./open.ts";
import { Host } from "./processes.ts";
import { Recorder } from "./recorder.ts";
import { type Stage, Subject } from "./subject.ts";

export interface CampaignOptions {
  readonly directory: string;
  readonly seed: number;
  readonly kills: number;
  /** In the place of kills: other code is served, by the same server, from the same directory. */
  readonly reloads?: boolean;
  /** Of which kinds. Default: all. */
  readonly kinds?: readonly Kind[];
  /** Whether there is a catalog. Default: yes. */
  readonly hasCatalog?: boolean;
  /** Whether instances that go by the alarm of a shard are waited for, a minute or two. Default: no. */
  readonly awaitsShards?: boolean;
  /** How many callers there are: as soon as the instance of one has ended, it starts another of its kind. */
  readonly instances: number;
  /** The latest moment of a kill after the server is there. */
  readonly longestMs: number;
  /** Every second kill waits until up to so much more has gone on: where a moment finds a busy machine, it would find the same again and again. Default: 0. */
  readonly stride?: number;
  /** What ends, ends within this time after the last sign of anything that goes on. Default: QUIET_MS. */
  readonly quietMs?: number;
  /** All of it ends within this time, or the harness fails and tells how far it came. Default: none. */
  readonly limitMs?: number;
  readonly tell?: (line: string) => void;
  /** Called when all is at rest and stopped, before the catalog is looked at. */
  readonly atRest?: (directory: string) => void;
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
  /** Ends that a receiver was told of, and how often it was told again of one. */
  readonly webhooks: Recorder["told"];
  /** How many kills came while a purge was under way. */
  readonly killsInPurges: number;
  /** While a restart, a rewind, a rerun, another version, a `reuse=terminate` or a start with an event was. */
  readonly killsInRepairs: number;
  /** While a bulk job was. */
  readonly killsInJobs: number;
  /** How many instances were seen to be gone, by a purge, a job, or because their time was over. */
  readonly gone: number;
  /** What the catalog said in the end. */
  readonly catalog: CatalogFindings;
}

const STARTS = 3;
/** A lease that a kill has left behind comes back when it is over, and until then those that wait for it do nothing. */
export const QUIET_MS = LEASE_MS + 20_000;
/** Later than any alarm of work that goes on. One of an hour's sleep may be left on the runtime's list (`readStrayAlarms`): the audit looks after it. */
const SOON_MS = 600_000;
/** Of so many kills one waits for the next purge to be sent, and one for the next repair. */
const KILLS_PER_PURGE = 3;
/** One shard, and two from the middle on: those that have begun before stay where they are. */
const SHARDS = [{ shards: 1 }, { shards: 2, former: [1] }] as const;
const isPurge = (path: string) => path.includes("/purge?");
const isRepair = (path: string) => /\/(restart|rewind|rerun|version)\?|[?&](reuse|raiseEvent)=/.test(path);
/** A kill does not wait longer than so for what is to be under way, or to have gone on. */
const PATIENCE_MS = 10_000;
const realTime = { now: Date.now, delay: (ms: number) => delay(ms) };

export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { directory, seed, kills, reloads = false, instances, longestMs, tell = () => undefined } = options;
  const { quietMs = QUIET_MS, limitMs, atRest, kinds = KINDS, hasCatalog = true } = options;
  const awaitsShards = options.awaitsShards ?? !hasCatalog;
  const random = new Random(seed);
  const moments = Array.from({ length: kills }, () => 20 + random.below(longestMs - 20));
  const momentsInside = moments.map(() => random.below(25));
  const strides = moments.map((_, n) => (n % 2 === 0 ? random.below(1 + (options.stride ?? 0)) : 0));
  const recorder = await Recorder.listen([]);
  recorder.latencyMs = () => random.below(20);
  const client = new Client();
  const audit = new Audit(recorder);
  audit.hasCatalog = hasCatalog;
  const { violations } = audit;
  const acknowledged = { starts: 0, events: 0, updates: 0, operations: 0, lives: 0, jobs: 0 };
  const common = { client, recorder, acknowledged, violations, hasCatalog, awaitsShards };
  const stage: Stage = { ...common, isFinishing: false };
  const subjects: Subject[] = [];
  const inFlight = new Set<Subject>();
  let leastInFlight = Number.POSITIVE_INFINITY;
  let killsInPurges = 0;
  let killsInRepairs = 0;
  let killsInJobs = 0;
  audit.mayBeGone = (id) => subjects.some((subject) => subject.id === rootOf(id) && subject.mayBeGone);

  const launch = (kind: Kind) => {
    const subject = new Subject(`s${subjects.length}`, kind, stage, new Random(seed + subjects.length));
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

  /** Nobody waits for it any more. */
  const over = new AbortController();
  const { signal } = over;
  const beganAtMs = Date.now();
  /** What it has done, and does: each with the second in which that began. */
  const steps: string[] = [];
  const step = (text: string) => {
    signal.throwIfAborted();
    steps.push(`${((Date.now() - beganAtMs) / 1_000).toFixed(1)} s ${text}`);
  };

  let host: Host | undefined;
  let starts = 0;
  const startHost = async () => {
    step("start the server");
    const shards = SHARDS[starts++ > kills / 2 && !reloads ? 1 : 0];
    const env = { CATALOG: JSON.stringify(hasCatalog && shards) };
    const startOne = () => Host.start(directory, recorder.url, { worker: "./kinds-worker.js", env, signal });
    host = await insist("The server did not start", STARTS, startOne);
    step("callers go on");
    client.up(host.origin);
    return host;
  };
  const progress = () => `${recorder.reports.length} ${Object.values(acknowledged)} ${inFlight.size}`;
  const settles = (what: string, isSo: () => boolean) => {
    step(`wait for ${what}`);
    const isSoOrOver = () => signal.aborted || isSo();
    return untilQuiet(isSoOrOver, progress, quietMs, realTime);
  };
  /** Ends the server, and tells who is still under way then: what is waited for, and how far that is on disk. */
  const killAndTell = async (): Promise<string[]> => {
    const waiting = new Map([...inFlight].map(({ id, waits }) => [id, waits.texts().join(" and ") || "nothing"]));
    const open = [...inFlight];
    await insist("The server did not end", 1, async () => host?.kill());
    const trees = openTrees(directory, Date.now());
    const texts = open.map(({ id, kind }) => {
      const onDisk = trees.get(id) ?? "nothing is open";
      return `${id} (${kind.name}) does not end: its callers wait for ${waiting.get(id)}; on disk ${onDisk}`;
    });
    const others = [...trees].filter(([root]) => !waiting.has(root));
    return [...texts, ...others.map(([root, text]) => `${root} does not come to rest: on disk ${text}`)];
  };

  const isSent = (isMeant: (path: string) => boolean) =>
    new Promise<void>((resolve) => {
      client.onSend = (path) => {
        if (isMeant(path)) resolve();
      };
    });
  const goneOn = () => Object.values(acknowledged).reduce((sum, count) => sum + count, recorder.reports.length);
  /** When the kill comes: at its moment, when enough has gone on, or in the middle of what is to be cut off. */
  const moment = async (n: number) => {
    await delay(moments[n]);
    const enough = goneOn() + (strides[n] ?? 0);
    for (const sinceMs = Date.now(); goneOn() < enough && Date.now() - sinceMs < PATIENCE_MS; ) await delay(5);
    const isMeant = [undefined, isPurge, isRepair][n % KILLS_PER_PURGE];
    if (isMeant === undefined) return;
    await Promise.race([isSent(isMeant), delay(Math.min(longestMs, PATIENCE_MS))]);
    await delay(momentsInside[n]);
  };
  /** Stops at rest what runs, and looks at the catalog: as it is, and when somebody has asked after every instance. */
  const lookAtRest = async (server: Host): Promise<Omit<CatalogSight, "quietMs" | "clock">> => {
    await insist("The server did not end", 1, () => server.stop());
    client.down();
    atRest?.(directory);
    const startAgain = async () => {
      const again = await startHost();
      return async () => insist("The server did not end", 1, () => again.stop());
    };
    const started = new Map(subjects.flatMap((subject) => [...subject.started]));
    const jobs = new Set(subjects.flatMap((subject) => subject.jobs));
    // What nobody here has started is there because an instance, or a job, was told so.
    const isAcknowledged = (id: string) => (isJobId(id) ? jobs.has(id) : (started.get(id) ?? id !== rootOf(id)));
    const gone = new Set(subjects.flatMap((subject) => [...subject.gone]));
    return { directory, client, startAgain, isAcknowledged, gone };
  };

  const play = async (): Promise<CampaignResult> => {
    let server = await startHost();
    for (let n = 0; n < instances; n++) launch(kinds[n % kinds.length] as Kind);
    const begun = () => subjects.filter(({ started }) => started.size > 0).length;
    if (!(await settles("the starts", () => begun() >= instances)))
      violations.push({ what: "lost", text: `only ${begun()} of ${instances} starts are acknowledged` });
    for (const [n, momentMs] of moments.entries()) {
      await moment(n);
      step(reloads ? "reload the code" : "kill the server");
      if (reloads) {
        await server.reload(`edition ${n + 2}`);
        leastInFlight = Math.min(leastInFlight, inFlight.size);
        continue;
      }
      const killed = server;
      if (client.sent.some(isPurge)) killsInPurges++;
      if (client.sent.some(isRepair)) killsInRepairs++;
      await insist("The server did not end", 1, () => killed.kill());
      client.down();
      const onDisk = audit.crashed(directory);
      const open = [...onDisk.values()].filter((instance) => !hasEnded(instance));
      const live = open.length;
      leastInFlight = Math.min(leastInFlight, live);
      if (open.some(({ instanceId }) => isJobId(instanceId))) killsInJobs++;
      for (const { started, mayBeGone } of subjects)
        for (const id of started.keys())
          if (!mayBeGone && !onDisk.has(id)) violations.push({ what: "lost", text: `${id} was acknowledged` });
      tell(`kill ${n + 1} of ${kills} after ${momentMs} ms: ${live} in flight, ${onDisk.size} on disk`);
      server = await startHost();
    }
    stage.isFinishing = true;
    // Nobody asks after them any more then: children, detached ones and messages come to their end by themselves.
    const isAtRest =
      (await settles("the ends of all", () => inFlight.size === 0)) &&
      (await settles("the end of all alarms", () => hasNoAlarm(directory, Date.now() + SOON_MS)));
    step("stop the server");
    const last = server;
    const sight = isAtRest && hasCatalog ? await lookAtRest(last) : undefined;
    if (isAtRest && !hasCatalog) await insist("The server did not end", 1, () => last.stop());
    if (!isAtRest) for (const text of await killAndTell()) violations.push({ what: "lost", text });
    const atEnd = audit.ended(directory);
    for (const subject of subjects) subject.expectEnd(atEnd);
    step("look at the catalog");
    const catalog = await lookAtCatalog(sight && { ...sight, quietMs, clock: realTime }, atEnd);
    violations.push(...catalog.violations);
    const finished = recorder.reports.filter(({ phase }) => phase === "finished").length;
    const repeated = recorder.reports.length - finished - finished;
    const editions = recorder.reports.map(({ edition }) => edition).filter((edition, n, all) => edition !== all[n - 1]);
    const transportRepeats = recorder.repeats + client.refusals;
    const seen = {
      acknowledged,
      instances: atEnd.size,
      leastInFlight,
      activities: finished,
      repeated,
      editions,
      killsInPurges,
      killsInRepairs,
      killsInJobs,
      webhooks: recorder.told,
      gone: subjects.reduce((sum, { gone }) => sum + gone.size, 0),
      catalog,
    };
    return { ...audit.verdict(), ...seen, transportRepeats };
  };

  try {
    return await (limitMs === undefined ? play() : within("the end of the campaign", limitMs, play()));
  } catch (error) {
    if (!(error instanceof LateError)) throw error;
    over.abort(error);
    const found = violations.map(({ what, text }) => `${what}: ${text}`);
    const lines = [error.message, `Seed ${seed}`, ...steps, ...found, ...(await killAndTell())];
    throw new HarnessError(lines.join("\n"), { cause: error });
  } finally {
    over.abort();
    client.down();
    await host?.kill();
    await recorder.close();
  }
}
