import type { Span } from "../model/span.ts";

/** Where spans go, in OpenTelemetry's form: the option `telemetry.otlp`, or OpenTelemetry's own variables. */
export interface OtlpOptions {
  /** Of the collector: `/v1/traces` is added where it has no path. Default: the variable OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url?: string | undefined;
  /** Headers of each request. Default: the variable, or secret, OTEL_EXPORTER_OTLP_HEADERS, `name=value` with commas between them. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Default: the variable OTEL_SERVICE_NAME, or `appId`. */
  readonly serviceName?: string | undefined;
}

interface Collector {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
}

/** OTLP over HTTP, as JSON: https://opentelemetry.io/docs/specs/otlp/ */
export class OtlpExporter {
  readonly outbox: { spans: Span[]; takenUntilMs: number } = { spans: [], takenUntilMs: 0 };
  readonly #to: Collector;

  constructor(to: Collector) {
    this.#to = to;
  }

  /** The status of the answer. Rejects when none came. */
  async send(spans: readonly Span[], signal: AbortSignal): Promise<number> {
    const { url, headers, serviceName } = this.#to;
    const body = toRequest(spans, serviceName);
    const all = { ...headers, "content-type": "application/json" };
    const answer = await fetch(url, { method: "POST", headers: all, body, signal, redirect: "manual" });
    await answer.body?.cancel();
    return answer.status;
  }
}

/** Of a Worker with these bindings; made once for them. `undefined`: there is no collector. */
export function otlpExporter(
  given: OtlpOptions | false | undefined,
  appId: string,
): (env: object) => OtlpExporter | undefined {
  let made: { readonly env: object; readonly exporter: OtlpExporter | undefined } | undefined;
  return (env) => {
    if (given === false) return undefined;
    if (made?.env !== env) {
      const to = collectorOf(given ?? {}, env, appId);
      made = { env, exporter: to && new OtlpExporter(to) };
    }
    return made.exporter;
  };
}

function collectorOf({ url, headers, serviceName }: OtlpOptions, env: object, appId: string): Collector | undefined {
  const variable = (name: string): string | undefined => {
    const value: unknown = Reflect.get(env, name);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const traces = url === undefined ? variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") : undefined;
  const base = url ?? variable("OTEL_EXPORTER_OTLP_ENDPOINT");
  const to = traces ?? (base === undefined ? undefined : tracesUrl(base, url === undefined));
  if (to === undefined || !URL.canParse(to)) return undefined;
  return {
    url: to,
    headers: headers ?? headersIn(variable("OTEL_EXPORTER_OTLP_HEADERS") ?? ""),
    serviceName: serviceName ?? variable("OTEL_SERVICE_NAME") ?? appId,
  };
}

/** OpenTelemetry's variable names what the path is below, whatever it has; an option with a path is meant as it is. */
function tracesUrl(base: string, isVariable: boolean): string {
  const bare = base.replace(/\/+$/, "");
  const hasPath = URL.canParse(base) && new URL(base).pathname !== "/";
  return hasPath && !isVariable ? base : `${bare}/v1/traces`;
}

function headersIn(text: string): Record<string, string> {
  const pairs = text.split(",").map((pair) => {
    const at = pair.indexOf("=");
    return [pair.slice(0, at).trim(), decoded(pair.slice(at + 1).trim())] as const;
  });
  return Object.fromEntries(pairs.filter(([name]) => name !== ""));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Put together as text, without objects for all of it in between. */
export function toRequest(spans: readonly Span[], serviceName: string): string {
  const resource = `{"attributes":[${attribute("service.name", serviceName)}]}`;
  const all = spans.map(textOf).join();
  return `{"resourceSpans":[{"resource":${resource},"scopeSpans":[{"scope":{"name":"edge-workflows"},"spans":[${all}]}]}]}`;
}

function textOf({ traceId, spanId, parentSpanId, name, kind, startMs, endMs, attributes, error, links }: Span): string {
  let all = "";
  for (const key in attributes) {
    const value = attributes[key];
    if (value !== undefined) all += `${all && ","}${attribute(key, value)}`;
  }
  if (error !== undefined) all += `${all && ","}${attribute("error.type", error.type)}`;
  const parent = parentSpanId === undefined ? "" : `"parentSpanId":"${parentSpanId}",`;
  const times = `"startTimeUnixNano":"${nanos(startMs)}","endTimeUnixNano":"${nanos(endMs)}"`;
  const rest = links === undefined ? "" : `"links":${JSON.stringify(links)},`;
  const status = error === undefined ? "{}" : JSON.stringify({ code: 2, message: error.message });
  return `{"traceId":"${traceId}","spanId":"${spanId}",${parent}"name":${JSON.stringify(name)},"kind":${kind},${times},"attributes":[${all}],${rest}"status":${status}}`;
}

/** 64 bits are a text in JSON. */
function nanos(ms: number): string {
  return `${Math.max(0, Math.round(ms))}000000`;
}

/** Keys are our own, and need no escaping. */
function attribute(key: string, value: string | number | boolean): string {
  const type = typeof value === "string" ? "string" : typeof value === "boolean" ? "bool" : "int";
  return `{"key":"${key}","value":{"${type}Value":${JSON.stringify(type === "int" ? String(value) : value)}}}`;
}
