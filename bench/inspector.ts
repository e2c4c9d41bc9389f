/** Where something was spent, the most first. */
export interface Profile {
  readonly functions: readonly { readonly name: string; readonly share: number }[];
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface AllocationNode {
  readonly callFrame: CallFrame;
  readonly selfSize: number;
  readonly children: readonly AllocationNode[];
}

/** The part of the Chrome DevTools protocol that profiles and measures of memory need, over workerd's own socket. */
export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();
  #id = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const { id, result, error } = JSON.parse(String(data));
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(result as never);
      else waiting?.reject(new Error(error.message));
    });
  }

  /** `url`: of the Worker's inspector. */
  static async connect(url: URL): Promise<Inspector> {
    const socket = new WebSocket(url.href);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", () => reject(new Error(`cannot connect to ${url}`)));
    });
    return new Inspector(socket);
  }

  close(): void {
    this.#socket.close();
  }

  /** @returns how many bytes of JavaScript's heap are in use when all garbage has been collected */
  async heapInUse(): Promise<number> {
    // workerd does not answer to HeapProfiler.collectGarbage. A snapshot collects garbage first; what it holds is not looked at.
    await this.#send("HeapProfiler.takeHeapSnapshot");
    const { usedSize } = await this.#send<{ usedSize: number }>("Runtime.getHeapUsage");
    return usedSize;
  }

  async profileCpu(work: () => Promise<void>): Promise<Profile & { readonly raw: unknown }> {
    await this.#send("Profiler.enable");
    await this.#send("Profiler.setSamplingInterval", { interval: 100 });
    await this.#send("Profiler.start");
    await work();
    const { profile } = await this.#send<{ profile: CpuProfile }>("Profiler.stop");
    const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
    const spent = new Map<string, number>();
    for (const [n, id] of profile.samples.entries()) count(spent, frames.get(id), profile.timeDeltas[n] ?? 0);
    return { functions: shares(spent), raw: profile };
  }

  async profileAllocations(work: () => Promise<void>): Promise<Profile & { readonly bytes: number }> {
    await this.#send("HeapProfiler.startSampling", { samplingInterval: 16_384, flags: 3 });
    await work();
    const { profile } = await this.#send<{ profile: { head: AllocationNode } }>("HeapProfiler.stopSampling");
    const spent = new Map<string, number>();
    const visit = (node: AllocationNode) => {
      count(spent, node.callFrame, node.selfSize);
      node.children.forEach(visit);
    };
    visit(profile.head);
    return { functions: shares(spent), bytes: [...spent.values()].reduce((sum, size) => sum + size, 0) };
  }

  #send<T>(method: string, params: object = {}): Promise<T> {
    const id = ++this.#id;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }
}

function count(spent: Map<string, number>, frame: CallFrame | undefined, amount: number): void {
  const name = `${frame?.functionName || "(anonymous)"} ${frame?.url ? `:${frame.lineNumber + 1}` : ""}`;
  spent.set(name, (spent.get(name) ?? 0) + amount);
}

function shares(spent: ReadonlyMap<string, number>): { name: string; share: number }[] {
  const total = [...spent.values()].reduce((sum, amount) => sum + amount, 0);
  return [...spent].sort(([, a], [, b]) => b - a).map(([name, amount]) => ({ name, share: amount / total }));
}
