import type { ContestantName } from "./contestants.ts";
import type { Counts, StepCosts } from "./counts.ts";
import { type Summary, summarize } from "./statistics.ts";
import type { Measurement, Workload } from "./workloads/workload.ts";

export type Rival = Exclude<ContestantName, "edge">;

/** Everything that was measured. The same index is the same time; a turn that failed is undefined. */
export class Results {
  readonly names: readonly ContestantName[];
  readonly workloads: readonly Workload[];
  readonly counts = new Map<ContestantName, Map<string, Counts>>();
  stepCosts: StepCosts | undefined;
  /** What went wrong: "name, workload: message". */
  readonly failures: string[] = [];
  readonly #measured = new Map<string, (Measurement | undefined)[]>();

  constructor(names: readonly ContestantName[], workloads: readonly Workload[]) {
    this.names = names;
    this.workloads = workloads;
  }

  add(name: ContestantName, workload: Workload, index: number, measurement: Measurement): void {
    this.#rounds(name, workload)[index] = measurement;
  }

  summary(name: ContestantName, workload: Workload, metric: string): Summary | undefined {
    return summarizeSome(this.#rounds(name, workload).map((measurement) => measurement?.[metric]));
  }

  /**
   * How many times as fast edge-workflows is: above 1 it is ahead, whether the metric is a speed or a time. Each round is
   * compared with itself, so that a machine that is slow for a while is slow on both sides.
   */
  speedRatio(workload: Workload, metric: string, rival: Rival): Summary | undefined {
    const theirs = this.#rounds(rival, workload);
    const isMoreBetter = workload.metrics[metric]?.better === "more";
    const ratios = this.#rounds("edge", workload).map((measurement, round) => {
      const [our, their] = [measurement?.[metric], theirs[round]?.[metric]];
      if (our === undefined || their === undefined) return undefined;
      return isMoreBetter ? our / their : their / our;
    });
    return summarizeSome(ratios);
  }

  /** What one workload makes of a metric, to what another one does, both with this engine. */
  relation(workload: string, other: string, metric: string): Summary | undefined {
    const roundsOf = (name: string) => {
      const found = this.workloads.find((each) => each.name === name);
      return found === undefined ? [] : this.#rounds("edge", found);
    };
    const others = roundsOf(other);
    const relations = roundsOf(workload).map((measurement, round) => {
      const [one, two] = [measurement?.[metric], others[round]?.[metric]];
      return one === undefined || two === undefined ? undefined : one / two;
    });
    return summarizeSome(relations);
  }

  #rounds(name: ContestantName, workload: Workload): (Measurement | undefined)[] {
    const key = `${name} ${workload.name}`;
    const rounds = this.#measured.get(key) ?? [];
    this.#measured.set(key, rounds);
    return rounds;
  }
}

function summarizeSome(rounds: readonly (number | undefined)[]): Summary | undefined {
  const values = rounds.filter((value) => value !== undefined && !Number.isNaN(value));
  return values.length === 0 ? undefined : summarize(values as number[]);
}
