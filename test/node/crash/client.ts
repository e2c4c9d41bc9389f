// A client whose server comes and goes.
import { setTimeout as delay } from "node:timers/promises";

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** How many requests are under way at a time. */
const CONCURRENCY = 32;

export class Client {
  /** Answers of a server before the API, which has not reached it. */
  refusals = 0;
  /** Called with what leaves for the server. */
  onSend: (path: string) => void = () => undefined;
  /** What the server has been sent and has not answered. */
  readonly sent: string[] = [];
  #origin = "";
  /** Resolved while there is a server. */
  #isUp: Promise<void>;
  #comeUp: () => void = () => undefined;
  #underWay = 0;
  readonly #waiting: (() => void)[] = [];

  constructor() {
    this.#isUp = this.#newPromise();
  }

  up(origin: string): void {
    this.#origin = origin;
    this.#comeUp();
  }

  /** What is sent from here on waits for the next server. */
  down(): void {
    this.#isUp = this.#newPromise();
  }

  /** Of an instance, with a query alone the list, or after a slash what else there is under /v1.0. `undefined`: the connection broke before the answer, so that nobody knows whether the request was heard. */
  async send(method: "GET" | "POST", path: string, body?: unknown): Promise<Answer | undefined> {
    if (this.#underWay >= CONCURRENCY) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#underWay++;
    try {
      await this.#isUp;
      this.sent.push(path);
      this.onSend(path);
      const response = await fetch(`${this.#origin}/v1.0${routeOf(path)}`, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: response.status, text: await response.text() };
    } catch {
      // Nobody listens any more: a moment, until whoever has killed the server says so.
      await delay(20);
      return undefined;
    } finally {
      this.sent.splice(this.sent.indexOf(path), 1);
      const next = this.#waiting.shift();
      if (next === undefined) this.#underWay--;
      else next();
    }
  }

  #newPromise(): Promise<void> {
    return new Promise((resolve) => {
      this.#comeUp = resolve;
    });
  }
}

function routeOf(path: string): string {
  if (path.startsWith("/")) return path;
  return `/workflows/dapr${path.startsWith("?") ? "" : "/"}${path}`;
}
