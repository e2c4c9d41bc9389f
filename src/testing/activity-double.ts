import { Registry, type TWorkflowActivity } from "../engine/registry.ts";

/** One call of an activity, as a test sees it. */
export interface ActivityCallRecord {
  readonly instanceId: string;
  readonly input: unknown;
  readonly attempt: number;
}

/** The author's registrations, with activities that can be mocked, made to fail, and looked at. */
export class TestRegistry extends Registry {
  readonly calls = new Map<string, ActivityCallRecord[]>();
  readonly #mocks: Map<string, TWorkflowActivity>;
  readonly #failures: Map<string, Error[]>;
  #running = 0;
  #ended: (() => void)[] = [];

  constructor(
    code: Registry,
    mocks: Map<string, TWorkflowActivity> = new Map(),
    failures: Map<string, Error[]> = new Map(),
  ) {
    super();
    this.addAll(code);
    this.#mocks = mocks;
    this.#failures = failures;
  }

  /** Other code under the same mocks. */
  withCode(code: Registry): TestRegistry {
    return new TestRegistry(code, this.#mocks, this.#failures);
  }

  mock(name: string, activity: TWorkflowActivity): void {
    this.#mocks.set(name, activity);
  }

  fail(name: string, errors: readonly Error[]): void {
    this.#failures.set(name, [...(this.#failures.get(name) ?? []), ...errors]);
  }

  /** Whether an activity is at work: what it waits for takes real time. */
  get isRunning(): boolean {
    return this.#running > 0;
  }

  /** Resolves when the next activity has ended. */
  nextEnd(): Promise<void> {
    return new Promise((resolve) => this.#ended.push(resolve));
  }

  override activity(name: string): TWorkflowActivity | undefined {
    const code = this.#mocks.get(name) ?? super.activity(name);
    if (code === undefined && !this.#failures.get(name)?.length) return undefined;
    return async (context, input) => {
      const call = { instanceId: context.getWorkflowInstanceId(), input, attempt: context.getAttemptNumber() };
      this.calls.set(name, [...(this.calls.get(name) ?? []), call]);
      this.#running++;
      try {
        const failure = this.#failures.get(name)?.shift();
        if (failure !== undefined) throw failure;
        return await code?.(context, input);
      } finally {
        this.#running--;
        const ended = this.#ended;
        this.#ended = [];
        for (const resolve of ended) resolve();
      }
    };
  }
}
