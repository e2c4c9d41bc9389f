// Calls between objects. One waits at the gate of its sender, travels, and waits at the gate of its receiver with its answer;
// of a life that is over nothing leaves, and nothing comes to it.
import type { Instance } from "../../../src/instance/instance.ts";
import type { InstancePeer, IsOwed } from "../../../src/instance/protocol.ts";
import type { CalledInstance } from "../../../src/jobs/call-instance.ts";
import { type Fate, type Host, type Life, ObjectLostError } from "./host.ts";
import { never } from "./timeline.ts";
import type { PeerCall, World } from "./world.ts";

/** Who calls: an object, in one of its lives. */
interface Caller {
  readonly host: Host;
  readonly fate: Fate;
}

/** The object `to`, as the life of a caller sees it. */
export function peerOf(world: World, caller: Caller, to: string): InstancePeer {
  const asked = (isOwed: IsOwed | undefined, argument: unknown, life: Life) =>
    isOwed && askedBack(world, isOwed, argument, caller, { host: world.host(to), fate: life });
  return {
    deliver: (message, isOwed) =>
      send(world, caller, to, "deliver", message, (peer, life) =>
        peer.deliver(structuredClone(message), asked(isOwed, message, life)),
      ),
    purge: (request, isOwed) =>
      send(world, caller, to, "purge", request, (peer, life) => peer.purge(request, asked(isOwed, request, life))),
    hasTaken: (request) => send(world, caller, to, "hasTaken", request, (peer) => peer.hasTaken(request)),
    readForRerun: (request) => send(world, caller, to, "readForRerun", request, (peer) => peer.readForRerun(request)),
    findActive: (request) => send(world, caller, to, "findActive", request, (peer) => peer.findActive(request)),
  };
}

/** The same as the life of a bulk job sees it. One that is lost meanwhile is called once more, as the platform says that it may be. */
export function calledBy(world: World, caller: Caller, to: string): CalledInstance {
  const ask = <T>(method: keyof CalledInstance, request: unknown, call: (instance: Instance) => Promise<T>) =>
    send(world, caller, to, method, request, call).catch((error) => {
      throw error instanceof ObjectLostError ? Object.assign(error, { retryable: true }) : error;
    });
  return {
    terminate: (request) => ask("terminate", request, (instance) => instance.terminate(request)),
    cancel: (request) => ask("cancel", request, (instance) => instance.cancel(request)),
    suspend: (request) => ask("suspend", request, (instance) => instance.suspend(request)),
    resume: (request) => ask("resume", request, (instance) => instance.resume(request)),
    purge: (request) => ask("purge", request, (instance) => instance.purge(request)),
    raiseEvent: (request) => ask("raiseEvent", request, (instance) => instance.raiseEvent(request)),
    rewind: (request) => ask("rewind", request, (instance) => instance.rewind(request)),
    rerun: (request) => ask("rerun", request, (instance) => instance.rerun(request)),
    restart: (request) => ask("restart", request, (instance) => instance.restart(request)),
  };
}

function send<T>(
  world: World,
  { host, fate }: Caller,
  to: string,
  method: Exclude<PeerCall["method"], "isOwed">,
  argument: unknown,
  call: (peer: Instance, life: Life) => Promise<T>,
): Promise<T> {
  if (fate.dead) return never();
  world.onPoint?.("peer call", host.id);
  if (fate.dead) return never();
  const served = (value: T) => world.onServed?.(sent, value);
  const repeat = () => void world.serve(to, call).then(served, () => undefined);
  const sent: PeerCall = { ...structuredClone({ from: host.id, to, method, argument }), repeat };
  world.peerCalls.push(sent);
  return new Promise((resolve, reject) => {
    const arrive = (settle: () => void) =>
      void world.timeline.add(0, () => {
        if (!fate.dead) settle();
      });
    const deliver = () => {
      const fault = world.peerFault?.(sent);
      if (fault === "unreachable") return arrive(() => reject(new Error(`'${to}' is unreachable`)));
      if (fault === "twice") repeat();
      if (fault === "twice, late") world.travel(repeat);
      world.serve(to, call).then(
        (value) => {
          served(value);
          arrive(() => (fault === "answer lost" ? reject(new Error("The answer was lost")) : resolve(value)));
        },
        (error) => arrive(() => reject(error)),
      );
    };
    host.gated.push(() => world.travel(deliver));
  });
}

/** What a receiver asks back of the sender, as part of the call that it has got. */
function askedBack(world: World, ask: IsOwed, argument: unknown, sender: Caller, receiver: Caller): IsOwed {
  return () => {
    if (receiver.fate.dead) return never();
    return new Promise((resolve, reject) => {
      const arrive = (settle: () => void) =>
        world.travel(() => {
          if (!receiver.fate.dead) settle();
        });
      const deliver = () => {
        const [from, to] = [receiver.host.id, sender.host.id];
        const fault = world.peerFault?.({ from, to, method: "isOwed", argument, repeat: () => void ask() });
        const asked = sender.fate.dead ? undefined : sender.host.life;
        const fail = () => arrive(() => reject(new ObjectLostError(`'${to}' does not answer any more`)));
        if (asked === undefined || fault === "unreachable") return fail();
        asked.callers.add(fail);
        void ask().then((isOwed) =>
          sender.host.gated.push(() => {
            asked.callers.delete(fail);
            if (fault === "answer lost") fail();
            else arrive(() => resolve(isOwed));
          }),
        );
      };
      receiver.host.gated.push(() => world.travel(deliver));
    });
  };
}
