import { functionName, Registry, type TWorkflow, type TWorkflowActivity } from "../engine/registry.ts";

/** Options that programs written for Dapr pass. Connections have no meaning here: they are accepted and ignored. */
export interface WorkflowClientOptions {
  daprHost: string;
  daprPort: string;
  daprApiToken?: string;
  logger?: unknown;
  grpcOptions?: unknown;
  /** Clients only: sends the requests in place of the global `fetch`, for instance that of a service binding. */
  fetch?: (request: Request) => Promise<Response>;
}

/**
 * The workflows and activities of a Worker (Dapr JS: WorkflowRuntime). Histories know them by their names, so a name
 * must stay as long as instances live; give one explicitly where a bundler may shorten function names.
 */
export class WorkflowRuntime {
  /** @internal What has been registered; `createWorker` reads it whenever it needs it. */
  readonly registry = new Registry();
  #isRunning = false;

  // biome-ignore lint/complexity/noUselessConstructor: Dapr's signature, which programs pass options to
  constructor(_options: Partial<WorkflowClientOptions> = {}) {}

  /** Registers a workflow under its function's name. Throws when the name is taken, or the function has none. */
  registerWorkflow(workflow: TWorkflow): WorkflowRuntime {
    return this.registerWorkflowWithName(lastingName(workflow), workflow);
  }

  registerWorkflowWithName(name: string, workflow: TWorkflow): WorkflowRuntime {
    if (this.#isRunning) throw new Error("Cannot add orchestrator while worker is running.");
    this.registry.addWorkflow(name, workflow);
    return this;
  }

  /** Registers an activity under its function's name. Throws when the name is taken, or the function has none. */
  registerActivity(fn: TWorkflowActivity): WorkflowRuntime {
    return this.registerActivityWithName(lastingName(fn), fn);
  }

  registerActivityWithName(name: string, fn: TWorkflowActivity): WorkflowRuntime {
    if (this.#isRunning) throw new Error("Cannot add activity while worker is running.");
    this.registry.addActivity(name, fn);
    return this;
  }

  /** Nothing has to be started at the edge. Closes the registration, as in Dapr, until `stop`. */
  async start(): Promise<void> {
    if (this.#isRunning) throw new Error("The worker is already running.");
    this.#isRunning = true;
  }

  async stop(): Promise<void> {
    if (!this.#isRunning) throw new Error("The worker is not running.");
    this.#isRunning = false;
  }
}

/** The function's name. One or two letters are what a minifier leaves of it, and the next build leaves others. */
function lastingName(fn: unknown): string {
  const name = functionName(fn);
  if (name.length <= 2) {
    console.warn(
      `'${name}' looks like a name that a minifier has made. Running instances would not find it after the next build: ` +
        "keep function names (esbuild: keepNames), or use registerWorkflowWithName and registerActivityWithName.",
    );
  }
  return name;
}
