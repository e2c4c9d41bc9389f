import { aBoolean, anObject, type OptionRule, optionsOf } from "../model/options.ts";

/** Option `telemetry` of `createWorker`. */
export interface TelemetryOptions {
  /**
   * Whether instances tell the catalog what they add to the metrics, which `GET /metrics` shows under Dapr's names. Without it there are the
   * numbers of instances, and how fresh the catalog is. Default false.
   */
  readonly metrics?: boolean | undefined;
}

export const telemetryOption: OptionRule = anObject(optionsOf<TelemetryOptions>({ metrics: aBoolean }));
