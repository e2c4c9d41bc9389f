import {
  aBoolean,
  anObject,
  aString,
  type OptionRule,
  optionsOf,
  rangeRule,
  secret,
  typeRule,
} from "../model/options.ts";
import type { OtlpOptions } from "./otlp.ts";

/** Option `telemetry` of `createWorker`. */
export interface TelemetryOptions {
  /**
   * Whether instances tell the catalog what they add to the metrics, which `GET /metrics` shows under Dapr's names. Without it there are the
   * numbers of instances, and how fresh the catalog is. Default false.
   */
  readonly metrics?: boolean | undefined;
  /** The collector that spans are sent to. Default: that of OpenTelemetry's variables, where they are set; `false`: none. */
  readonly otlp?: OtlpOptions | false | undefined;
}

const areHeaders = (value: unknown) =>
  typeof value === "object" && value !== null && Object.values(value).every((header) => typeof header === "string");

export const telemetryOption: OptionRule = anObject(
  optionsOf<TelemetryOptions>({
    metrics: aBoolean,
    otlp: anObject(
      optionsOf<OtlpOptions>({
        url: rangeRule(
          "a URL, http or https",
          (url) => typeof url === "string" && /^https?:/.test(url) && URL.canParse(url),
        ),
        headers: secret(typeRule("an object of texts", areHeaders)),
        serviceName: aString,
      }),
      "an object of options or false",
      typeRule("false", (value) => value === false),
    ),
  }),
);
