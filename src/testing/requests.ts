import type { Registry } from "../engine/registry.ts";
import { DEFAULT_MAX_BODY_BYTES } from "../http/deps.ts";
import { createHttpHandler } from "../http/handler.ts";
import { useRealMicrotasks } from "./event-loop.ts";
import type { Hosts } from "./hosts.ts";
import type { VirtualTime, Wait } from "./virtual-time.ts";

/** What requests need of their environment. */
export interface RequestsOptions {
  readonly hosts: Hosts;
  readonly time: VirtualTime;
  registry(): Registry;
  newId(): string;
  now(): number;
}

/** Sends the client's requests through the HTTP API. One that waits inside an instance lets time pass, one on its way does not. */
export class Requests {
  readonly #options: RequestsOptions;
  #count = 0;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** How many there have been. */
  get count(): number {
    return this.#count;
  }

  /** The answer is read here, so that reading it later takes no time. */
  send(request: Request): Promise<Response> {
    this.#count++;
    const { hosts, time, registry, newId, now } = this.#options;
    return new Promise((resolve, reject) => {
      let release = time.hold();
      let inside = 0;
      const wait: Wait = {
        describe: async () => `${request.method} ${new URL(request.url).pathname} is never answered: no time is due.`,
        fail: reject,
      };
      const around = async <T>(call: () => Promise<T>): Promise<T> => {
        if (inside++ === 0) {
          time.add(wait);
          release();
        }
        try {
          return await call();
        } finally {
          if (--inside === 0) {
            release = time.hold();
            time.remove(wait);
          }
        }
      };
      const handler = createHttpHandler({
        instance: (instanceId) => hosts.stub(instanceId, around),
        watch: (instanceId, after) => hosts.ask(instanceId, (instance) => instance.watch({ after })),
        withoutCatalog: WITHOUT_CATALOG,
        withoutSchedules: WITHOUT_SCHEDULES,
        limits: hosts.limiters.reach,
        registered: () => registry().registered(),
        apiToken: undefined,
        maxBodyBytes: DEFAULT_MAX_BODY_BYTES,
        appId: "test",
        log: () => undefined,
        newId,
        now,
        trusted: true,
      });
      const giveBack = useRealMicrotasks();
      handler(request)
        .then(whole)
        .then(resolve, reject)
        .finally(() => {
          giveBack();
          release();
        });
    });
  }
}

const WITHOUT_CATALOG =
  "a WorkflowTestEnvironment has no catalog, so nothing is listed or counted in it: mock the activity that asks";

const WITHOUT_SCHEDULES =
  "a WorkflowTestEnvironment has no schedules, and none that is declared fires in it: start the workflow with what the schedule would give it";

/** The answer, with its text in memory: reading it waits for nothing. As a stream it can be read, too. */
async function whole(response: Response): Promise<Response> {
  const text = await response.text();
  return Object.assign(new Response(text === "" ? null : text, response), { text: async () => text });
}
