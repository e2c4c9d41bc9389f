import type { InputOf } from "../../engine/signatures.ts";
import type { AnyWorkflow } from "../../engine/workflow-context.ts";
import { aNumber, aString, readArgument, readOptions } from "../../model/options.ts";
import { idIn } from "../client-starts.ts";
import {
  bodyText,
  encodedInput,
  type ScheduledInput,
  type SchedulePage,
  type ScheduleTimes,
  scheduleOf,
  schedulePageOf,
  timesIn,
  timesOf,
  type WorkflowSchedule,
} from "../schedules.ts";
import { ifThere, segment } from "../workflow-api.ts";
import { ClientCatalog } from "./catalog.ts";
import type { ClientConnection } from "./connection.ts";
import {
  type BackfillOptions,
  backfillOptions,
  type NewScheduleOptions,
  newScheduleOptions,
  type ScheduleChanges,
  type SchedulePageOptions,
  schedulePageOptions,
  type TriggerOptions,
  triggerOptions,
} from "./schedule-options.ts";

const aCount = aNumber(
  "a whole number from 1 to 100",
  (value) => Number.isInteger(value) && value >= 1 && value <= 100,
);
const GONE = "ERR_SCHEDULE_NOT_FOUND";

/** Schedules, which start instances by themselves. */
export class ClientSchedules extends ClientCatalog {
  readonly #connection: ClientConnection;

  constructor(connection: ClientConnection) {
    super(connection);
    this.#connection = connection;
  }

  /**
   * Makes a schedule and resolves with it. Rejects with ERR_SCHEDULE_EXISTS when there is one of this ID, unless `replace` is true.
   *
   *     await client.createSchedule("nightly", { workflow: report, cron: "30 2 * * *", timeZone: "Europe/Berlin", input: { full: true } });
   */
  async createSchedule<W extends AnyWorkflow>(
    scheduleId: string,
    schedule: Omit<NewScheduleOptions, "workflow" | "input"> & { readonly workflow: W } & ScheduledInput<InputOf<W>>,
  ): Promise<WorkflowSchedule>;
  async createSchedule(scheduleId: string, schedule: NewScheduleOptions): Promise<WorkflowSchedule> {
    const read = readOptions(newScheduleOptions, schedule, "createSchedule", scheduleId);
    const { workflow = "", paused, replace, requestId, reason } = read;
    const { api, payloads, schedules } = this.#connection;
    const workflowName = api.workflowName(workflow);
    const own = { workflowName, ...timesOf(read), paused: paused ?? undefined, reason: reason ?? undefined };
    const input = encodedInput(payloads, read, workflowName);
    const query = { requestID: requestId ?? crypto.randomUUID() };
    if (replace) return scheduleOf(await schedules.send("PUT", segment(scheduleId), query, bodyText(own, input)));
    return scheduleOf(await schedules.change("", query, bodyText({ id: scheduleId, ...own }, input)));
  }

  /** `undefined` when there is no such schedule. */
  async getSchedule(scheduleId: string): Promise<WorkflowSchedule | undefined> {
    const answer = await ifThere(this.#connection.schedules.ask(segment(scheduleId)), GONE);
    return answer && scheduleOf(answer);
  }

  /** One page of schedules, in the order of their IDs. */
  async listSchedules(options?: SchedulePageOptions | null): Promise<SchedulePage> {
    const { pageSize, continuationToken } = readOptions(schedulePageOptions, options, "listSchedules");
    const query = { pageSize: pageSize ?? undefined, continuationToken: continuationToken ?? undefined };
    return schedulePageOf(await this.#connection.schedules.ask("", query));
  }

  /** Changes what is named, and nothing else; `null` takes a field away. */
  async updateSchedule(scheduleId: string, changes: ScheduleChanges): Promise<WorkflowSchedule> {
    const { workflow, reason } = changes;
    const { api, payloads, schedules } = this.#connection;
    const workflowName = workflow === undefined ? undefined : api.workflowName(workflow);
    const fields = { workflowName, ...timesOf(changes as ScheduleTimes), reason };
    const body = bodyText(fields, encodedInput(payloads, changes, workflowName ?? scheduleId));
    return scheduleOf(await schedules.send("PATCH", segment(scheduleId), {}, body));
  }

  /** What it has started goes on. Rejects with status 404 when there is none. */
  async deleteSchedule(scheduleId: string, reason?: string | null): Promise<void> {
    const text = readArgument(aString, reason, "reason", "deleteSchedule", scheduleId);
    await this.#connection.schedules.send("DELETE", segment(scheduleId), { reason: text });
  }

  /** Starts an instance now, also while the schedule is paused; resolves with its ID. */
  async triggerSchedule(scheduleId: string, options?: TriggerOptions | null): Promise<string> {
    const read = readOptions(triggerOptions, options, "triggerSchedule", scheduleId);
    const { overlap, requestId, reason } = read;
    const input = encodedInput(this.#connection.payloads, read, scheduleId);
    const body = bodyText({ overlap: overlap ?? undefined, reason: reason ?? undefined }, input);
    const query = { requestID: requestId ?? crypto.randomUUID() };
    return idIn(await this.#connection.schedules.change(`${segment(scheduleId)}/trigger`, query, body));
  }

  /** Times that come while it is paused are passed over. */
  async pauseSchedule(scheduleId: string, reason?: string | null): Promise<void> {
    await this.#tell("pause", scheduleId, readArgument(aString, reason, "reason", "pauseSchedule", scheduleId));
  }

  async resumeSchedule(scheduleId: string, reason?: string | null): Promise<void> {
    await this.#tell("resume", scheduleId, readArgument(aString, reason, "reason", "resumeSchedule", scheduleId));
  }

  async #tell(what: "pause" | "resume", scheduleId: string, reason: string | undefined): Promise<void> {
    await this.#connection.schedules.change(`${segment(scheduleId)}/${what}`, { reason });
  }

  /** Starts instances for times of the past for which none was started; resolves with those times. */
  async backfillSchedule(scheduleId: string, options: BackfillOptions): Promise<Date[]> {
    const { from, to, overlap, dryRun, reason } = readOptions(backfillOptions, options, "backfillSchedule", scheduleId);
    const body = JSON.stringify({
      from,
      to,
      overlap: overlap ?? undefined,
      dryRun: dryRun ?? undefined,
      reason: reason ?? undefined,
    });
    return timesIn(await this.#connection.schedules.change(`${segment(scheduleId)}/backfill`, {}, body));
  }

  /** The next times, ten or as many as that: of a schedule, of one as it would be with these changes, or of one that is not stored. */
  async previewSchedule(scheduleId: string, times?: ScheduleTimes | null, count?: number | null): Promise<Date[]> {
    const query = { count: readArgument(aCount, count, "count", "previewSchedule", scheduleId) };
    const path = `${segment(scheduleId)}/preview`;
    const { schedules } = this.#connection;
    if (times == null) return timesIn(await schedules.ask(path, query));
    return timesIn(await schedules.change(path, query, JSON.stringify(timesOf(times))));
  }
}
