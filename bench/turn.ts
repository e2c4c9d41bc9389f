import { type Contestant, type ContestantName, configOf, type Variant } from "./contestants.ts";
import type { BenchDirectory } from "./disk.ts";
import { HttpClient } from "./http-client.ts";
import { type Job, outputOf } from "./job.ts";
import { type Crowd, crowd, repeat } from "./load.ts";
import { type Server, serve, type WorkerConfig } from "./server.ts";

/**
 * As long as this for every contestant: code is slow until V8 has compiled it well, which takes it some thousand steps and
 * a thousand instances. Not much longer: ten seconds after its last request the runtime closes an object, while others wait.
 */
const WARM_UP_MS = 4_000;

/** Collections of garbage and late alarms belong to what was measured before, what is sent at the end to what is measured now. */
const SETTLES_IN_MS = 300;

/** One contestant with a workerd and a directory to itself. */
export class Turn {
  readonly name: ContestantName;
  readonly contestant: Contestant;
  readonly isQuick: boolean;
  readonly echoUrl: string;
  readonly directory: string;
  readonly #code: string;
  readonly #config: WorkerConfig;
  #server: Server;
  #client: HttpClient;

  private constructor(options: TurnOptions, directory: string, server: Server) {
    this.name = options.name;
    this.contestant = options.contestant;
    this.isQuick = options.isQuick;
    this.echoUrl = options.echoUrl;
    this.directory = directory;
    this.#code = options.code;
    this.#config = configOf(options);
    this.#server = server;
    this.#client = new HttpClient(server.origin);
  }

  static async begin(options: TurnOptions, disk: BenchDirectory): Promise<Turn> {
    const directory = disk.newTurn();
    return new Turn(options, directory, await serve(options.code, configOf(options), directory));
  }

  async end(): Promise<void> {
    this.#client.close();
    await this.#server.close();
  }

  /** A new workerd on the same directory. */
  async restart(): Promise<void> {
    await this.end();
    this.#server = await serve(this.#code, this.#config, this.directory);
    this.#client = new HttpClient(this.#server.origin);
  }

  get isCloudflare(): boolean {
    return this.name.startsWith("cloudflare");
  }

  get client(): HttpClient {
    return this.#client;
  }

  get workerd(): Server["workerd"] {
    return this.#server.workerd;
  }

  async evict(id: string): Promise<void> {
    const { objects, title } = this.contestant;
    if (objects === undefined) throw new Error(`${title} does not let its objects be evicted`);
    await this.#server.evict(objects, id);
  }

  /** @returns how long it took, in milliseconds; throws when the instance did not complete with the right output */
  async run(job: Job, id: string = crypto.randomUUID()): Promise<number> {
    const startedAtMs = performance.now();
    const { status, output } = await this.contestant.run(this.#client, job, id);
    const tookMs = performance.now() - startedAtMs;
    this.#check(job, id, status, output);
    return tookMs;
  }

  start(job: Job, id: string): Promise<void> {
    return this.contestant.start(this.#client, job, id);
  }

  async raise(id: string): Promise<number> {
    const startedAtMs = performance.now();
    await this.contestant.raise(this.#client, id);
    return performance.now() - startedAtMs;
  }

  async finish(job: Job, id: string): Promise<void> {
    const { status, output } = await this.contestant.finish(this.#client, job, id);
    this.#check(job, id, status, output);
  }

  query(id: string): Promise<unknown> {
    return this.contestant.query(this.#client, id);
  }

  async warmUp(work: () => Promise<unknown>): Promise<void> {
    const startedAtMs = performance.now();
    do await work();
    while (performance.now() - startedAtMs < WARM_UP_MS);
  }

  /** What workerd computes meanwhile, in milliseconds; NaN where nobody tells. */
  async cpuMsOf(work: () => Promise<unknown>): Promise<number> {
    await settle();
    const beforeMs = this.workerd.cpuMs();
    await work();
    await settle();
    return this.workerd.cpuMs() - beforeMs;
  }

  repeat(times: number, job: Job): Promise<number[]> {
    return repeat(times, () => this.run(job));
  }

  /** `times` instances, started by so many clients, of which each waits for the end of its own. */
  crowd(times: number, clients: number, job: Job): Promise<Crowd> {
    return crowd(times, clients, () => this.run(job));
  }

  #check(job: Job, id: string, status: unknown, output: unknown): void {
    const expected = outputOf(job);
    if (status === "COMPLETED" && output === expected) return;
    throw new Error(
      `${this.contestant.title}: instance ${id} (${job.work}, ${job.n}) should be COMPLETED with output ${expected} ` +
        `and is ${JSON.stringify(status)} with output ${JSON.stringify(output)}`,
    );
  }
}

function settle(): Promise<void> {
  return new Promise((done) => setTimeout(done, SETTLES_IN_MS));
}

export interface TurnOptions {
  readonly name: ContestantName;
  readonly contestant: Contestant;
  readonly variant: Variant;
  readonly code: string;
  readonly isQuick: boolean;
  readonly echoUrl: string;
}
