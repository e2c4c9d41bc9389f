import type { Job } from "../job.ts";
import type { Turn } from "../turn.ts";
import { ALL, CROWD_METRICS, crowdFigures, LATENCY_METRICS, latencies, type Workload } from "./workload.ts";

const CLIENTS = 50;

const SLICES = 4;

function warmUp(turn: Turn, job: Job): Promise<void> {
  return turn.warmUp(() => turn.crowd(CLIENTS, CLIENTS, job));
}

/** As many as take about a second. The crowd comes last: the objects that it leaves behind are then nobody's burden. */
async function aloneThenCrowded(turn: Turn, job: Job) {
  const alone = latencies(await turn.repeat(turn.isCloudflare ? 12 : 40, job));
  const crowd = await turn.crowd(turn.isCloudflare ? 100 : 250, CLIENTS, job);
  return { ...alone, ...crowdFigures(crowd) };
}

const SERIES: Job = { work: "series", n: 5 };
const PARALLEL: Job = { work: "parallel", n: 5 };

export const series: Workload = {
  name: "sum_series",
  title: "sum_series (5 chained steps)",
  metrics: { ...LATENCY_METRICS, ...CROWD_METRICS },
  contestants: ALL,
  isQuick: true,
  slices: SLICES,
  warmUp: (turn) => warmUp(turn, SERIES),
  measure: (turn) => aloneThenCrowded(turn, SERIES),
  sample: (turn) => turn.run(SERIES),
};

export const parallel: Workload = {
  name: "sum_parallel",
  title: "sum_parallel (5 steps at once)",
  metrics: { ...LATENCY_METRICS, ...CROWD_METRICS },
  contestants: ALL,
  slices: SLICES,
  warmUp: (turn) => warmUp(turn, PARALLEL),
  measure: (turn) => aloneThenCrowded(turn, PARALLEL),
  sample: (turn) => turn.run(PARALLEL),
};

/** To be compared with `sum_series`, where nothing is logged: here a line for each request and one for each end. */
export const logging: Workload = {
  name: "sum_series_logging",
  title: "sum_series with logs",
  metrics: { ...LATENCY_METRICS, ...CROWD_METRICS },
  contestants: ["edge"],
  variant: "logging",
  slices: SLICES,
  warmUp: (turn) => warmUp(turn, SERIES),
  measure: (turn) => aloneThenCrowded(turn, SERIES),
};
