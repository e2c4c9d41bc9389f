import type { InstancePorts } from "../ports.ts";
import type { Gate } from "./gate.ts";
import type { Lives } from "./lives.ts";
import type { Purges } from "./purges.ts";
import type { Reception } from "./reception.ts";
import { Reruns } from "./reruns.ts";
import { Restarts } from "./restarts.ts";
import { Starts } from "./starts.ts";
import { Vacancy } from "./vacancy.ts";

/** The ways in which a life begins that somebody asks for. */
export class Beginnings {
  readonly starts: Starts;
  readonly restarts: Restarts;
  readonly reruns: Reruns;

  constructor(ports: InstancePorts, lives: Lives, gate: Gate, purges: Purges, reception: Reception) {
    const vacancy = new Vacancy(ports, lives, reception);
    this.starts = new Starts(ports, lives, gate, purges, reception, vacancy);
    this.restarts = new Restarts(ports, lives, gate, this.starts, vacancy);
    this.reruns = new Reruns(ports, lives, gate, purges);
  }
}
