import type { Job } from "../job.ts";
import type { Turn } from "../turn.ts";
import { ALL, CROWD_METRICS, crowdFigures, LATENCY_METRICS, latencies, type Workload } from "./workload.ts";

const CLIENTS = 50;
const METRICS = {
  ...LATENCY_METRICS,
  ...CROWD_METRICS,
  crowdCpuMs: { title: "50 clients, CPU ms of workerd each", better: "less" },
} as const;

/** The crowd comes last: the objects that it leaves behind are then nobody's burden. */
async function aloneThenCrowded(turn: Turn, job: Job) {
  await turn.warmUp(() => turn.crowd(CLIENTS, CLIENTS, job));
  const alone = latencies(await turn.repeat(turn.isQuick ? 80 : 150, job));
  const size = turn.isQuick ? 250 : 500;
  let figures = {};
  const cpuMs = await turn.cpuMsOf(async () => {
    figures = crowdFigures(await turn.crowd(size, CLIENTS, job));
  });
  return { ...alone, ...figures, crowdCpuMs: cpuMs / size };
}

const SERIES: Job = { work: "series", n: 5 };
const PARALLEL: Job = { work: "parallel", n: 5 };

export const series: Workload = {
  name: "sum_series",
  title: "sum_series (5 chained steps)",
  metrics: METRICS,
  contestants: ALL,
  isQuick: true,
  turnsPerRound: 2,
  measure: (turn) => aloneThenCrowded(turn, SERIES),
  sample: (turn) => turn.run(SERIES),
};

export const parallel: Workload = {
  name: "sum_parallel",
  title: "sum_parallel (5 steps at once)",
  metrics: METRICS,
  contestants: ALL,
  measure: (turn) => aloneThenCrowded(turn, PARALLEL),
  sample: (turn) => turn.run(PARALLEL),
};

/** To be compared with `sum_series`, where there is no catalog: here each instance is one announcement more. */
export const catalog: Workload = {
  name: "sum_series_catalog",
  title: "sum_series with the catalog",
  metrics: METRICS,
  contestants: ["edge", "floor"],
  variant: "catalog",
  turnsPerRound: 2,
  measure: (turn) => aloneThenCrowded(turn, SERIES),
};

/** To be compared with `sum_series`, where nothing is logged: here a line for each request and one for each end. */
export const logging: Workload = {
  name: "sum_series_logging",
  title: "sum_series with logs",
  metrics: METRICS,
  contestants: ["edge"],
  variant: "logging",
  turnsPerRound: 2,
  measure: (turn) => aloneThenCrowded(turn, SERIES),
};

/** To be compared with `sum_series_catalog`, of which it has all. */
export const telemetry: Workload = {
  name: "sum_series_telemetry",
  title: "sum_series with the catalog, metrics and traces",
  metrics: METRICS,
  contestants: ["edge"],
  variant: "telemetry",
  turnsPerRound: 2,
  measure: (turn) => aloneThenCrowded(turn, SERIES),
};

/** To be compared with `sum_series`, where nobody is told. */
export const webhooks: Workload = {
  name: "sum_series_webhooks",
  title: "sum_series with a webhook",
  metrics: METRICS,
  contestants: ["edge"],
  variant: "webhooks",
  turnsPerRound: 2,
  measure: (turn) => aloneThenCrowded(turn, SERIES),
};
