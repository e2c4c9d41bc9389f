import { errorFields } from "../instance/log-text.ts";
import { backfill, instanceIdOf, keyOf, notRun, pause, resume, trigger } from "./decisions.ts";
import { Definition, inputProblem, invalid, NOT_FOUND, SAFETY_MS } from "./definition.ts";
import { declarationHash } from "./deployments.ts";
import type {
  BackfillRequest,
  BackfillResult,
  DoneResult,
  ScheduleApi,
  TriggerRequest,
  TriggerResult,
} from "./protocol.ts";
import type { Pause } from "./state.ts";
import { timesAfter } from "./timetable.ts";

const OK = { ok: true } as const;
/** In one backfill, and of those that have not begun. */
const MOST_BACKFILLED = 1_000;

/** One schedule: what it is asked changes its state, in one commit, and what follows from that is done by `Firing`. */
export class Schedule extends Definition implements ScheduleApi {
  async trigger({ requestId, input, overlap, reason, actor }: TriggerRequest): Promise<TriggerResult> {
    const problem = inputProblem(input?.text);
    if (problem !== undefined) return problem;
    const sealed = input?.text === undefined ? undefined : await this.ports.cipher.seal(input.text);
    const why = await this.sealed({ reason, actor });
    if (overlap !== undefined && overlap !== "allowAll") await this.firing.learnWhoRuns();
    const { state } = this.held;
    if (state === undefined) return NOT_FOUND;
    const hasInput = input === undefined ? undefined : true;
    if (!state.requests.some((one) => one.requestId === requestId)) {
      const nowMs = this.ports.now();
      const next = trigger(state, { requestId, overlap, hasInput, ...why }, nowMs);
      const key = next.requests[0]?.key ?? "";
      this.held.save(next, hasInput && new Map([[key, sealed]]), nowMs + SAFETY_MS);
    }
    await this.firing.run();
    const key = (this.held.state ?? state).requests.find((one) => one.requestId === requestId)?.key ?? "";
    return { ...OK, instanceId: instanceIdOf(this.ports.id, key), outcome: this.#outcomeOf(key) };
  }

  #outcomeOf(key: string): Extract<TriggerResult, { ok: true }>["outcome"] {
    const { state } = this.held;
    if (this.firing.isStarting(key)) return "starting";
    if (state?.waiting.some((fire) => keyOf(fire) === key)) return "waiting";
    return state?.fires.find((fire) => fire.key === key)?.outcome ?? "started";
  }

  async pause(why: Omit<Pause, "atMs">): Promise<DoneResult> {
    const sealed = await this.sealed(why);
    return this.do((state, nowMs) => pause(state, sealed, nowMs));
  }

  async resume(): Promise<DoneResult> {
    return this.do(resume);
  }

  async backfill({ fromMs, toMs, overlap, isDry }: BackfillRequest): Promise<BackfillResult> {
    if (!isDry && overlap !== "allowAll") await this.firing.learnWhoRuns();
    const { state, timetable } = this.held;
    if (state === undefined) return NOT_FOUND;
    const nowMs = this.ports.now();
    const times = timesAfter(timetable, fromMs - 1, MOST_BACKFILLED + 1, toMs);
    const ran = this.ports.store.ranBetween(fromMs / 1_000, toMs / 1_000);
    const left = notRun(state, times, ran);
    const waiting = state.starting.length + state.waiting.length;
    if (times.length > MOST_BACKFILLED || left.length + waiting > 2 * MOST_BACKFILLED)
      return invalid(
        `there are more than ${MOST_BACKFILLED} times from then to then, or many that have not begun yet: take a part of it`,
      );
    if (!isDry && left.length > 0) {
      this.held.save(backfill(state, left, overlap, nowMs), undefined, nowMs + SAFETY_MS);
      await this.firing.run();
    }
    return { ...OK, times: left };
  }

  /** Never rejects: after the seventh failure the platform would drop the alarm, and nothing would start any more. */
  async alarm(): Promise<void> {
    this.held.rings();
    try {
      if (this.held.isLeaving) return await this.inTurn(() => this.finishLeaving());
      await this.#compareDeclarations();
    } catch (error) {
      this.ports.log({ level: "error", msg: "schedule", schedule: this.ports.id, ...errorFields({}, error) });
      if (this.held.isLeaving) return this.held.wakeAt(this.ports.now() + 6 * SAFETY_MS);
    }
    await this.firing.run();
  }

  /** The code of a schedule's object may be the first of a new version that anybody hears of. */
  async #compareDeclarations(): Promise<void> {
    const { state } = this.held;
    if (state?.source !== "code") return;
    const deployment = this.ports.deployment();
    const own = deployment.declarations.find(({ id }) => id === this.ports.id);
    if (state.declared !== (own && declarationHash(own))) await this.ports.index().reconcile(deployment);
  }
}
