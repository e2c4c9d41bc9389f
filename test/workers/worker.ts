// The Worker under test: what src/worker.ts serves, more workflows, and an instance class whose storage is watched.
import { DurableObject } from "cloudflare:workers";
import { StateStore } from "../../src/authoring/state-store.ts";
import { type CatalogEnv, workflowCatalogClass } from "../../src/catalog/workflow-catalog.ts";
import { createWorker, WorkflowRuntime } from "../../src/index.ts";
import type { InstanceEnv } from "../../src/instance/workflow-instance.ts";
import type { LimiterEnv } from "../../src/limits/workflow-limiter.ts";
import type { Announced, Announcement, CatalogSource, Departure, Presence } from "../../src/model/catalog-entry.ts";
import type { LeaseRequest, LeaseState } from "../../src/model/lease.ts";
import { registerGreeting } from "../../src/samples/greeting.ts";
import { registerOrderProcessing } from "../../src/samples/order-processing.ts";
import { registerPatterns } from "../../src/samples/patterns.ts";
import { registerTravelBooking } from "../../src/samples/travel-booking.ts";
import { costsOf, watch } from "./meter.ts";
import { registerTestWorkflows } from "./workflows.ts";

export const runtime = new WorkflowRuntime();
registerOrderProcessing(runtime);
registerPatterns(runtime);
registerTravelBooking(runtime);
registerGreeting(runtime);
registerTestWorkflows(runtime);

const worker = createWorker(runtime, { catalog: { shards: 1 } });

export class WorkflowInstance extends worker.WorkflowInstance {
  constructor(ctx: DurableObjectState, env: InstanceEnv) {
    super(watch(ctx), env);
  }
}
/** What an instance says of itself to the catalog, as a test has set it. */
export class CatalogSourceStandIn extends DurableObject implements CatalogSource {
  async say(presence: Presence): Promise<void> {
    await this.ctx.storage.put("presence", presence);
  }

  async presence(): Promise<Presence> {
    return (await this.ctx.storage.get<Presence>("presence")) ?? { type: "absent" };
  }

  /** Goes, whatever it has said. */
  async expire(): Promise<Presence> {
    await this.ctx.storage.deleteAll();
    return { type: "absent" };
  }
}

export class WorkflowSchedule extends worker.WorkflowSchedule {}

/** Those of the instances. */
export class WorkflowCatalog extends worker.WorkflowCatalog {
  constructor(ctx: DurableObjectState, env: CatalogEnv) {
    super(watch(ctx), env);
  }
  override announce(announcement: Announcement): Promise<Announced> {
    costsOf(this.ctx.id.name ?? "").tellings++;
    return super.announce(announcement);
  }
  override leave(departure: Departure): Promise<Announced> {
    costsOf(this.ctx.id.name ?? "").tellings++;
    return super.leave(departure);
  }
}

/** Those of the limits. */
export class WorkflowLimiter extends worker.WorkflowLimiter {
  constructor(ctx: DurableObjectState, env: LimiterEnv) {
    super(watch(ctx), env);
  }
  override lease(request: LeaseRequest): Promise<readonly LeaseState[]> {
    costsOf(this.ctx.id.name ?? "").asks++;
    return super.lease(request);
  }
}

/** Asks the stand-ins in the place of instances. */
export class CatalogAlone extends workflowCatalogClass({ retention: { failed: 1_000 } }) {
  constructor(ctx: DurableObjectState, env: { readonly CATALOG_SOURCE: CatalogEnv["WORKFLOW_INSTANCE"] }) {
    super(watch(ctx), { WORKFLOW_INSTANCE: env.CATALOG_SOURCE });
  }
}

export { StateStore };
export default worker;
