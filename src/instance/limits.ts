import {
  aNumber,
  anObject,
  type Given,
  type OptionRule,
  type OptionsOf,
  optionsOf,
  readOptions,
} from "../model/options.ts";

/** What can be set of an instance's behaviour. Times are in milliseconds. */
export interface InstanceLimits {
  /** How many activities of one instance run at a time; the others wait their turn. Default 64. */
  readonly maxConcurrentActivities: number;
  /**
   * How often a restart may find the same activity without a result before it is recorded as failed, since it is
   * likely to be what takes the object down. Default 10.
   */
  readonly maxActivityRecoveries: number;
  /** From this many recoveries on, the open activities are run one at a time, to find the guilty one. Default 3. */
  readonly isolateAfterRecoveries: number;
  /** Unfinished work is looked after by an alarm at most this much later. Default 1,000. */
  readonly watchdogMs: number;
  /** How long an alarm stays with the work before it hands over to the next (the platform allows 15 min). Default 14 min. */
  readonly alarmHostMs: number;
  /** After this many turns without a pause the event loop gets its turn, and with it the disk. Default 1,000. */
  readonly turnsPerPause: number;
  /**
   * How long a terminate waits for a turn that the workflow's code holds up, by awaiting something that is no task.
   * Then the instance is terminated without its code. Default 1,000.
   */
  readonly terminatePatienceMs: number;
  /**
   * A turn that goes on for so long, because the workflow's code awaits something that is no task, is told of in the log.
   * Default 10,000.
   */
  readonly heldTurnMs: number;
  /** How many messages to other instances are under way at a time. Default 32. */
  readonly maxConcurrentDeliveries: number;
  /** First and longest pause before a failed delivery, or a failed turn, is tried again. Doubles in between. Default 500 and 60,000. */
  readonly retryFirstMs: number;
  readonly retryMaxMs: number;
  /** The details of a heartbeat are written at most this often. Default 1,000. */
  readonly heartbeatWriteMs: number;
  /** Continue-as-new this often in a row without waiting for anything, and each further one pauses for a second. Default 10,000. */
  readonly maxTightContinuations: number;
  /** A stalled instance looks for other code after as long as it has been stalled, but between these. Default 60,000 and 3,600,000. */
  readonly stallRetryMinMs: number;
  readonly stallRetryMaxMs: number;
}

export const defaultLimits = {
  maxConcurrentActivities: 64,
  maxActivityRecoveries: 10,
  isolateAfterRecoveries: 3,
  watchdogMs: 1_000,
  alarmHostMs: 14 * 60_000,
  turnsPerPause: 1_000,
  terminatePatienceMs: 1_000,
  heldTurnMs: 10_000,
  maxConcurrentDeliveries: 32,
  retryFirstMs: 500,
  retryMaxMs: 60_000,
  heartbeatWriteMs: 1_000,
  maxTightContinuations: 10_000,
  stallRetryMinMs: 60_000,
  stallRetryMaxMs: 3_600_000,
} satisfies InstanceLimits;

/** With 0 of these nothing would ever run. */
const fromOne: readonly string[] = ["maxConcurrentActivities", "maxConcurrentDeliveries"];

const limitOptions = optionsOf<InstanceLimits>(
  Object.fromEntries(
    Object.keys(defaultLimits).map((name) => {
      const least = fromOne.includes(name) ? 1 : 0;
      return [name, aNumber(`a number from ${least}`, (value) => value >= least)];
    }),
  ) as Record<keyof InstanceLimits, OptionRule>,
);

/** What `limits` may be in the options of a Worker or a test environment. */
export const limitsOption: OptionRule = anObject(limitOptions, "an object of limits");
const options: OptionsOf<{ limits?: object }> = optionsOf<{ limits?: object }>({ limits: limitsOption });

/** With the defaults for what is not given. Throws a RangeError for what is no limit, a TypeError for an unknown one. */
export function limitsFrom(given?: Given<InstanceLimits>, call = "createWorker"): InstanceLimits {
  const limits = { ...defaultLimits };
  const read: Partial<InstanceLimits> = readOptions(options, { limits: given ?? {} }, call).limits ?? {};
  for (const name of Object.keys(limits) as (keyof InstanceLimits)[]) limits[name] = read[name] ?? limits[name];
  return limits;
}

/** The pause after the given number of failures in a row. */
export function retryDelayMs(limits: InstanceLimits, failures: number): number {
  return Math.min(limits.retryMaxMs, limits.retryFirstMs * 2 ** Math.min(failures - 1, 30));
}
