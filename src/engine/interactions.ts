import type { UpdateOutcome } from "../model/action.ts";
import { describeFailure } from "../model/failure.ts";
import type { UpdateRequested } from "../model/history-event.ts";
import { answerAtOnce } from "./callbacks.ts";
import type { CodeWatch } from "./code-watch.ts";
import { Coroutine, type Step } from "./coroutine.ts";
import { HandlerNotRegisteredError } from "./errors.ts";
import type { Payloads } from "./payload.ts";

/** Reads the workflow's state and changes nothing. Its result must be JSON. */
export type QueryHandler = (input: unknown) => unknown;

/** Changes the workflow's state and may wait: a function, or a generator function as a workflow is. Its result must be JSON. */
export type UpdateHandler = (input: unknown) => unknown;

/** Throws when the update is to be refused. Must not change anything. */
export type UpdateValidator = (input: unknown) => void;

/** How a query went. */
export type QueryAnswer =
  | { readonly ok: true; readonly result?: string | undefined }
  | { readonly ok: false; readonly isUnknown: boolean; readonly message: string };

/**
 * What others may ask of a running workflow beside its events: queries, and updates, each of which runs as code of its
 * own beside the workflow's, from task to task.
 */
export class Interactions {
  readonly #queries = new Map<string, QueryHandler>();
  readonly #updates = new Map<string, { handler: UpdateHandler; validator: UpdateValidator | undefined }>();
  /** Updates that have not ended; `undefined` while a suspend holds them back. */
  readonly #open = new Map<string, Coroutine | undefined>();
  /** What those are called that have begun. */
  readonly #names = new Map<string, string>();
  readonly #watch: CodeWatch;
  readonly #payloads: Payloads;
  readonly #ended: (updateId: string, outcome: UpdateOutcome) => void;

  constructor(watch: CodeWatch, payloads: Payloads, ended: (updateId: string, outcome: UpdateOutcome) => void) {
    this.#watch = watch;
    this.#payloads = payloads;
    this.#ended = ended;
  }

  setQuery(name: string, handler: QueryHandler): void {
    this.#queries.set(name, handler);
  }

  setUpdate(name: string, handler: UpdateHandler, validator: UpdateValidator | undefined): void {
    this.#updates.set(name, { handler, validator });
  }

  /** What may be asked, by name. */
  get names(): { readonly queries: string[]; readonly updates: string[] } {
    return { queries: [...this.#queries.keys()], updates: [...this.#updates.keys()] };
  }

  query(name: string, input: string | undefined): QueryAnswer {
    const handler = this.#queries.get(name);
    if (handler === undefined) {
      const { message } = new HandlerNotRegisteredError("query", name, [...this.#queries.keys()]);
      return { ok: false, isUnknown: true, message };
    }
    try {
      const answer = handler(this.#payloads.decode(input, "input", "query", name));
      const result = answerAtOnce(`The handler of query '${name}'`, answer);
      return { ok: true, result: this.#payloads.encode(result ?? null, "result", "query", name) };
    } catch (error) {
      return { ok: false, isUnknown: false, message: describeFailure(error).message };
    }
  }

  /** The update has come. It ends with `begin`, or with the workflow. */
  expect(updateId: string): void {
    this.#open.set(updateId, undefined);
  }

  /** Runs an update as far as it gets. */
  async begin({ updateId, name, input }: UpdateRequested, enough: () => boolean): Promise<void> {
    const update = this.#updates.get(name);
    let value: unknown;
    try {
      value = this.#payloads.decode(input, "input", "update", name);
      if (update === undefined) throw new HandlerNotRegisteredError("update", name, [...this.#updates.keys()]);
      if (update.validator !== undefined)
        answerAtOnce(`The validator of update '${name}'`, update.validator(value) as unknown);
    } catch (error) {
      this.#open.delete(updateId);
      return this.#ended(updateId, { ok: false, rejected: true, failure: describeFailure(error) });
    }
    const coroutine = new Coroutine(this.#watch);
    this.#open.set(updateId, coroutine);
    this.#names.set(updateId, name);
    this.#settle(updateId, await coroutine.start(() => update.handler(value), enough));
  }

  get areIdle(): boolean {
    return this.#open.size === 0;
  }

  get canResume(): boolean {
    return [...this.#open.values()].some((coroutine) => coroutine?.canResume);
  }

  /** Goes on with every update whose task has ended, in the order in which they came. */
  async resume(enough: () => boolean): Promise<void> {
    for (const [updateId, coroutine] of this.#open) {
      if (coroutine?.canResume && !enough()) this.#settle(updateId, await coroutine.resume(enough));
    }
  }

  /** The workflow has ended, and with it its updates. */
  endAll(message: string): void {
    for (const updateId of this.#open.keys()) {
      this.#ended(updateId, { ok: false, rejected: false, failure: { errorType: "WorkflowEnded", message } });
    }
    this.#open.clear();
    this.#names.clear();
  }

  #settle(updateId: string, step: Step): void {
    if (step.type === "waiting") return;
    this.#open.delete(updateId);
    const name = this.#names.get(updateId);
    this.#names.delete(updateId);
    this.#ended(updateId, step.type === "returned" ? this.#outcomeOf(step.value, name) : failed(step.error));
  }

  #outcomeOf(value: unknown, name: string | undefined): UpdateOutcome {
    try {
      return { ok: true, result: this.#payloads.encode(value ?? null, "result", "update", name) };
    } catch (error) {
      return failed(error);
    }
  }
}

function failed(error: unknown): UpdateOutcome {
  return { ok: false, rejected: false, failure: describeFailure(error) };
}
