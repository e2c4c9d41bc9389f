/** What one instance does. The names of the first two are those of Dapr's performance tests. */
export type Work =
  /** `series` and `parallel` are `steps` and `fanout` at the size at which instances count; the floor does less for them. */
  | "series"
  | "parallel"
  | "steps"
  | "fanout"
  | "payload"
  | "io"
  | "timers"
  | "events"
  | "children"
  | "again"
  | "asleep"
  | "cold";

/** The input of an instance, the same for every contestant. */
export interface Job {
  readonly work: Work;
  /** How many steps, timers, events, children or executions. */
  readonly n: number;
  /** payload: the length of what goes into each step and comes out of it. */
  readonly bytes?: number;
  /** io: what each step fetches. */
  readonly url?: string;
  /** timers, asleep: when they are due. */
  readonly inMs?: number;
  /** again: how many executions came before this one. */
  readonly done?: number;
}

/** What the instance is to return: proof that it has done its work. */
export function outputOf({ work, n, bytes = 0 }: Job): number {
  switch (work) {
    case "payload":
      return n * bytes;
    case "timers":
    case "events":
    case "again":
    case "io":
      return n;
    default:
      return sumBelow(n);
  }
}

export function sumBelow(n: number): number {
  return (n * (n - 1)) / 2;
}
