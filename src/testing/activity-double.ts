import type { TWorkflowActivity, WorkflowActivityContext } from "../engine/activity-context.ts";
import { Registry } from "../engine/registry.ts";
import { listNames } from "../model/near-name.ts";
import { ActivityRun } from "./activity-runs.ts";

/** One call of an activity, as a test sees it. */
export interface ActivityCallRecord {
  readonly instanceId: string;
  readonly input: unknown;
  readonly attempt: number;
}

/** What the doubles of activities need of their environment. */
export interface Stage {
  /** The life that the instance's object has just now. */
  lifeOf(instanceId: string): { readonly isOver: boolean };
  /** How often the client has been asked for something. */
  readonly requests: number;
  /** Something has happened. */
  moved(): void;
}

/** The author's registrations, with activities that can be mocked, made to fail, and looked at. */
export class TestRegistry extends Registry {
  readonly #code: Registry;
  readonly #stage: Stage;
  readonly #mocks: Map<string, TWorkflowActivity>;
  readonly #failures: Map<string, Error[]>;
  readonly #calls = new Map<string, ActivityCallRecord[]>();
  readonly #runs: Set<ActivityRun>;

  constructor(code: Registry, stage: Stage, former?: TestRegistry) {
    super();
    this.#code = code;
    this.#stage = stage;
    this.#mocks = former === undefined ? new Map() : former.#mocks;
    this.#failures = former === undefined ? new Map() : former.#failures;
    this.#runs = former === undefined ? new Set() : former.#runs;
    this.refresh();
  }

  /** Takes over what has been registered since. */
  refresh(): void {
    this.addAll(this.#code);
  }

  mock(name: string, activity: TWorkflowActivity): void {
    this.#mocks.set(name, activity);
  }

  fail(name: string, errors: readonly Error[]): void {
    this.#failures.set(name, [...(this.#failures.get(name) ?? []), ...errors]);
  }

  /** Throws for an activity that this test cannot know. */
  callsOf(name: string): readonly ActivityCallRecord[] {
    this.refresh();
    const known = new Set([...this.names().activities, ...this.#mocks.keys(), ...this.#failures.keys()]);
    if (!known.has(name)) {
      throw new Error(
        `env.calls: there is no activity '${name}', neither registered nor mocked. Known: ${listNames([...known], name)}`,
      );
    }
    return [...(this.#calls.get(name) ?? [])];
  }

  /** What is at work, and waited for by its instance. */
  get runs(): ActivityRun[] {
    return [...this.#runs].filter((run) => !run.isAbandoned);
  }

  override activity(name: string): TWorkflowActivity | undefined {
    const mock = this.#mocks.get(name);
    const code = mock ?? super.activity(name);
    if (code === undefined && !this.#failures.get(name)?.length) return undefined;
    return (context, input) => this.#run(name, code, mock !== undefined, context, input);
  }

  async #run(
    name: string,
    code: TWorkflowActivity | undefined,
    isMock: boolean,
    context: WorkflowActivityContext,
    input: unknown,
  ): Promise<unknown> {
    const instanceId = context.getWorkflowInstanceId();
    const call = { instanceId, input, attempt: context.getAttemptNumber() };
    const calls = this.#calls.get(name);
    if (calls === undefined) this.#calls.set(name, [call]);
    else calls.push(call);
    const failure = this.#failures.get(name)?.shift();
    if (failure !== undefined) throw failure;
    const run = new ActivityRun(name, isMock, context, this.#stage.lifeOf(instanceId));
    this.#runs.add(run);
    const beat = context.heartbeat.bind(context);
    context.heartbeat = (details) => {
      run.isAlive();
      this.#stage.moved();
      beat(details);
    };
    try {
      const { requests } = this.#stage;
      const result = code?.(context, input);
      run.hasReturned(requests !== this.#stage.requests);
      return await result;
    } finally {
      this.#runs.delete(run);
      this.#stage.moved();
    }
  }
}
