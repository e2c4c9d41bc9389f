// A strict reader of Prometheus' text format, version 0.0.4: what it does not know, or finds twice or out of place, it refuses.

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly type: string;
  readonly samples: readonly Sample[];
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?)|\+Inf|NaN)$/s;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,(?=[a-zA-Z_])|$)/y;

export function parsePrometheus(text: string): Map<string, Family> {
  if (text !== "" && !text.endsWith("\n")) throw new Error("the last line has no end");
  const families = new Map<string, { type: string; samples: Sample[] }>();
  const seen = new Set<string>();
  let current = "";
  for (const line of text.split("\n").slice(0, -1)) {
    const [, help] = /^# HELP (\S+) .+$/.exec(line) ?? [];
    if (help !== undefined) {
      if (families.has(help)) throw new Error(`${help} begins twice`);
      current = help;
      families.set(help, { type: "", samples: [] });
      continue;
    }
    const [, typed, type = ""] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line) ?? [];
    const family = families.get(current);
    if (typed !== undefined) {
      if (typed !== current || family?.type !== "") throw new Error(`TYPE out of place: ${line}`);
      family.type = type;
      continue;
    }
    const sample = readSample(line);
    if (family === undefined || family.type === "") throw new Error(`a sample before its TYPE: ${line}`);
    const suffix = family.type === "histogram" ? /^_(bucket|sum|count)$/ : /^$/;
    if (!sample.name.startsWith(current) || !suffix.test(sample.name.slice(current.length)))
      throw new Error(`a sample of another family: ${line}`);
    const key = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`;
    if (seen.has(key)) throw new Error(`twice: ${line}`);
    seen.add(key);
    family.samples.push(sample);
  }
  for (const [name, family] of families) check(name, family);
  return families;
}

function readSample(line: string): Sample {
  const [, name, labelText = "", value = ""] = LINE.exec(line) ?? [];
  if (name === undefined) throw new Error(`no sample: ${line}`);
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < labelText.length) {
    const [, label, escaped = ""] = LABEL.exec(labelText) ?? [];
    if (label === undefined || Object.hasOwn(labels, label)) throw new Error(`labels that cannot be read: ${line}`);
    labels[label] = escaped.replace(/\\(.)/g, (_, letter) => (letter === "n" ? "\n" : letter));
  }
  return { name, labels, value: value === "+Inf" ? Number.POSITIVE_INFINITY : Number(value) };
}

function check(name: string, { type, samples }: Family): void {
  if (samples.length === 0) throw new Error(`${name} has no sample`);
  if (type === "counter" && samples.some(({ value }) => value < 0)) throw new Error(`${name} is below 0`);
  if (type !== "histogram") return;
  const rows = new Map<string, { bounds: number[]; counts: number[]; count?: number; sum?: number }>();
  for (const { name: full, labels, value } of samples) {
    const { le, ...rest } = labels;
    const key = JSON.stringify(Object.entries(rest).sort());
    const row = rows.get(key) ?? { bounds: [], counts: [] };
    rows.set(key, row);
    if (full.endsWith("_count")) row.count = value;
    else if (full.endsWith("_sum")) row.sum = value;
    else {
      row.bounds.push(le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le));
      row.counts.push(value);
    }
  }
  for (const { bounds, counts, count, sum } of rows.values()) {
    const rises = (list: number[], strictly: boolean) =>
      list.every((value, n) => n === 0 || value > (list[n - 1] as number) || (!strictly && value === list[n - 1]));
    if (!rises(bounds, true) || !rises(counts, false)) throw new Error(`${name}: its buckets do not rise`);
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY || counts.at(-1) !== count || sum === undefined)
      throw new Error(`${name}: +Inf, _count or _sum are missing, or differ`);
  }
}
