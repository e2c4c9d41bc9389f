/*
 * Prometheus' text format, version 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/
 */

export const PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** `buckets`: how often each, the last one without an upper bound. */
export interface Distribution {
  readonly labels: Labels;
  readonly sum: number;
  readonly buckets: readonly number[];
}

export type Metric =
  | {
      readonly type: "counter" | "gauge";
      readonly name: string;
      readonly help: string;
      readonly samples: readonly Sample[];
    }
  | {
      readonly type: "histogram";
      readonly name: string;
      readonly help: string;
      readonly bounds: readonly number[];
      readonly samples: readonly Distribution[];
    };

/** A metric without samples is left out. */
export function prometheusText(metrics: readonly Metric[], base: Labels): string {
  return metrics.map((metric) => (metric.samples.length === 0 ? "" : textOf(metric, base))).join("");
}

function textOf(metric: Metric, base: Labels): string {
  const { name, help, type } = metric;
  const head = `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${name} ${type}\n`;
  if (metric.type !== "histogram")
    return head + metric.samples.map(({ labels, value }) => line(name, { ...base, ...labels }, value)).join("");
  const { bounds } = metric;
  return head + metric.samples.map((sample) => distribution(name, bounds, base, sample)).join("");
}

function distribution(
  name: string,
  bounds: readonly number[],
  base: Labels,
  { labels, sum, buckets }: Distribution,
): string {
  const all = { ...base, ...labels };
  let count = 0;
  const lines = buckets.map((n, index) => {
    count += n;
    const bound = bounds[index];
    return line(`${name}_bucket`, { ...all, le: bound === undefined ? "+Inf" : String(bound) }, count);
  });
  return lines.join("") + line(`${name}_sum`, all, sum) + line(`${name}_count`, all, count);
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
  return `${name}{${pairs.join(",")}} ${value}\n`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
