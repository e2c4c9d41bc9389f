// Many instances that sleep: what they cost while they are created, while they sleep, and when they wake.
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isLost } from "../../../src/authoring/lost-connection.ts";
import { Audit } from "../crash/audit.ts";
import { hasNoAlarm, readAlarms } from "../crash/database.ts";
import { HarnessError, insist, untilQuiet, type Verdict } from "../crash/harness.ts";
import { Host } from "../crash/processes.ts";
import { Recorder } from "../crash/recorder.ts";
import { Api, objectDirectory, processTree, until } from "../e2e/server.ts";

export interface SleepersOptions {
  readonly directory: string;
  readonly instances: number;
  /** They are created in so many parts; before the next, all objects have been evicted. */
  readonly waves: number;
  /** How many are created, and later wake, in a second: each lives for 10 s then, and workerd dies with some 6,600. */
  readonly perSecond: number;
  readonly tell?: (line: string) => void;
}

/** What workerd holds at a moment. */
export interface Usage {
  readonly rssMiB: number;
  readonly files: number;
}

export interface SleepersResult extends Verdict {
  readonly atStart: Usage;
  /** The most that was seen while they were created. */
  readonly peak: Usage;
  /** After each wave, once all objects have been evicted. */
  readonly asleep: readonly Usage[];
  readonly peakAtWaking: Usage;
  /** What is in use of the heap without garbage, in MiB: at the start, and after each wave, when all sleep. */
  readonly heapMiB: readonly number[];
  /** The same at the end of each wave, while what was created in the last 10 s is in memory. */
  readonly heapAwakeMiB: readonly number[];
  readonly bytesOnDisk: number;
  /** Alarms that were set while all slept. */
  readonly alarms: number;
  /** How long after its time the activity behind each timer began. */
  readonly latenessMs: { readonly median: number; readonly longest: number };
  readonly completed: number;
}

/** An object is evicted 10 s after its last use; as much again for a machine that is busy. */
const EVICTION_MS = 22_000;
/** How many times slower than asked this machine may be. */
const SLACK = 2;
const CONCURRENCY = 8;

export async function runSleepers(options: SleepersOptions): Promise<SleepersResult> {
  const { directory, instances, waves, perSecond, tell = () => undefined } = options;
  const recorder = await Recorder.listen([]);
  const audit = new Audit(recorder);
  let host: Host | undefined;
  try {
    host = await Host.start(directory, recorder.url, { env: { TELL_ERRORS: "yes", INSPECT: "yes" } });
    const api = new Api(host.origin);
    // The first object opens what all share.
    await api.start("timer", "first", 0);
    await api.ended("first");
    const gauge = new Gauge(await workerdOf(host));
    const atStart = gauge.read();
    tell(`at start: ${show(atStart)}`);
    const heapMiB = [await host.heapInUse()];
    const heapAwakeMiB: number[] = [];

    const perWave = Math.ceil(instances / waves);
    const wakeAtMs = Date.now() + waves * (SLACK * (perWave / perSecond) * 1_000 + EVICTION_MS);
    const wakeAt = (n: number) => wakeAtMs + (n / perSecond) * 1_000;
    const asleep: Usage[] = [];
    for (let from = 0; from < instances; from += perWave) {
      const to = Math.min(from + perWave, instances);
      await create(api, from, to, perSecond, wakeAt);
      heapAwakeMiB.push(await host.heapInUse());
      await gauge.evicted();
      const usage = gauge.read();
      asleep.push(usage);
      heapMiB.push(await host.heapInUse());
      tell(
        `${to} asleep: ${show(usage)}, ${heapMiB.at(-1)} MiB of heap in use, ${heapAwakeMiB.at(-1)} before they slept`,
      );
    }
    const peak = gauge.takePeak();
    const alarms = readAlarms(directory).size;
    const bytesOnDisk = diskUsage(objectDirectory(directory, "WorkflowInstance"));

    await delay(Math.max(0, wakeAt(instances) - Date.now()));
    const progress = () => recorder.reports.length;
    await untilQuiet(() => hasNoAlarm(directory), progress, 120_000, { now: Date.now, delay: (ms) => delay(ms) });
    const peakAtWaking = gauge.takePeak();
    tell(`most while waking: ${show(peakAtWaking)}`);
    gauge.stop();
    await host.stop();
    const ended = audit.ended(directory);
    const late = recorder.reports
      .filter(({ label, phase, instanceId }) => label === "after" && phase === "started" && instanceId !== "first")
      .map(({ instanceId, atMs }) => atMs - wakeAt(Number(instanceId.slice(1))))
      .sort((a, b) => a - b);
    return {
      atStart,
      peak,
      asleep,
      peakAtWaking,
      heapMiB,
      heapAwakeMiB,
      bytesOnDisk,
      alarms,
      latenessMs: { median: Math.round(late[late.length >> 1] ?? 0), longest: Math.round(late.at(-1) ?? 0) },
      completed: [...ended.values()].filter(({ status }) => status === "COMPLETED").length - 1,
      ...audit.verdict(),
    };
  } finally {
    await host?.kill();
    await recorder.close();
  }
}

/** Instances `from` to `to`, at an even pace; each sleeps until its own time. */
async function create(api: Api, from: number, to: number, perSecond: number, wakeAt: (n: number) => number) {
  const startedAtMs = Date.now();
  let next = from;
  const createNext = async () => {
    while (next < to) {
      const n = next++;
      await delay(Math.max(0, startedAtMs + ((n - from) / perSecond) * 1_000 - Date.now()));
      if (Date.now() > wakeAt(0))
        throw new HarnessError(
          `Fewer than ${perSecond} were created in a second: the first wakes before the last is there. Ask for fewer with --per-second.`,
        );
      await start(api, `s${n}`, () => (wakeAt(n) - Date.now()) / 1_000);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, createNext));
}

/** Again when the connection is lost; one that was heard all the same is there. */
async function start(api: Api, id: string, seconds: () => number): Promise<void> {
  await insist(`${id} could not be started`, 5, async () => {
    try {
      await api.start("timer", id, seconds());
    } catch (error) {
      if (!isLost(error)) throw error;
      await delay(200);
      if (!(await api.exists(id))) throw error;
    }
  });
}

/** Reads what a process holds, again and again, and keeps the most. */
class Gauge {
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  #peak: Usage = { rssMiB: 0, files: 0 };

  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.read(), 200);
  }

  read(): Usage {
    // A process that is gone holds nothing; that it is gone others find out.
    if (!existsSync(`/proc/${this.#pid}/status`)) return { rssMiB: 0, files: 0 };
    const kiB = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#pid}/status`, "utf8"))?.[1];
    const usage = { rssMiB: Math.round(Number(kiB) / 1024), files: readdirSync(`/proc/${this.#pid}/fd`).length };
    this.#peak = {
      rssMiB: Math.max(this.#peak.rssMiB, usage.rssMiB),
      files: Math.max(this.#peak.files, usage.files),
    };
    return usage;
  }

  /** Resolves when no object lives any more: none has its database open. */
  async evicted(): Promise<void> {
    const directory = `/proc/${this.#pid}/fd`;
    const isOfObject = (file: string) => /\/[0-9a-f]{64}\.sqlite/.test(linkOf(join(directory, file)));
    const isEvicted = () => {
      const files = readdirSync(directory);
      // To read thousands of links takes time that workerd needs.
      return files.length < 200 && !files.some(isOfObject);
    };
    await until("all objects to be evicted", isEvicted, 60_000);
  }

  /** The most since the last call. */
  takePeak(): Usage {
    const peak = this.#peak;
    this.#peak = { rssMiB: 0, files: 0 };
    return peak;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Empty for a file that has been closed in the meantime. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

async function workerdOf(host: Host): Promise<number> {
  const workerd = (await processTree(host.pid)).find(({ name }) => name === "workerd");
  if (workerd === undefined) throw new Error("expected a workerd, found none");
  return workerd.pid;
}

/** What the files take of the disk, in whole blocks. */
function diskUsage(directory: string): number {
  return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).blocks * 512, 0);
}

export function show({ rssMiB, files }: Usage): string {
  return `${rssMiB} MiB, ${files} open files`;
}
