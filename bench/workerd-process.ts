import { readdirSync, readFileSync } from "node:fs";

/** What Linux knows about one workerd. On other systems everything is NaN, which the report shows as "-". */
export interface WorkerdProcess {
  /** The most memory that it has held so far, in MiB. */
  peakMemoryMiB(): number;
  memoryMiB(): number;
  /** How long its threads have been computing, in milliseconds, to a fraction of one. */
  cpuMs(): number;
}

/** The child of this process that was started last: the one before it may not be gone yet. */
export function newestWorkerd(): WorkerdProcess {
  const pid = process.platform === "linux" ? findWorkerd() : undefined;
  if (pid === undefined) return { peakMemoryMiB: () => NaN, memoryMiB: () => NaN, cpuMs: () => NaN };
  return {
    peakMemoryMiB: () => readStatusMiB(pid, "VmHWM"),
    memoryMiB: () => readStatusMiB(pid, "VmRSS"),
    cpuMs: () => readCpuMs(pid),
  };
}

function findWorkerd(): number | undefined {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids
    .map(Number)
    .filter(isOurWorkerd)
    .toSorted((a, b) => startTimeOf(a) - startTimeOf(b))
    .at(-1);
}

function isOurWorkerd(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`);
  return stat.includes(" (workerd) ") && Number(fieldsAfterName(stat)[1]) === process.pid;
}

/** In ticks since the machine was started. */
function startTimeOf(pid: number): number {
  return Number(fieldsAfterName(read(`/proc/${pid}/stat`))[19]);
}

/** The fields of proc_pid_stat(5) from the third on: the second is a name, in which there may be spaces. */
function fieldsAfterName(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function readStatusMiB(pid: number, field: string): number {
  const kiB = new RegExp(`^${field}:\\s*(\\d+) kB`, "m").exec(read(`/proc/${pid}/status`))?.[1];
  return kiB === undefined ? NaN : Number(kiB) / 1024;
}

/** The first number of schedstat, in nanoseconds; `stat` only counts in hundredths of a second. */
function readCpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce(
    (ms, thread) => ms + Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(" ")[0]) / 1e6,
    0,
  );
}

/** Empty when the process or thread has just gone. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
