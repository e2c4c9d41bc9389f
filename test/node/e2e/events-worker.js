// The samples, and what an object knows of its own watchers.
import worker, * as samples from "../../../src/worker.ts";

export { StateStore } from "../../../src/worker.ts";

let objects = 0;

export class WorkflowInstance extends samples.WorkflowInstance {
  constructor(ctx, env) {
    super(ctx, env);
    objects++;
  }
  async fetch(request) {
    if (new URL(request.url).pathname !== "/watchers") return super.fetch(request);
    return Response.json({ watchers: this.ctx.getWebSockets().length });
  }
}

export default {
  fetch(request, env) {
    const id = new URL(request.url).searchParams.get("watchersOf");
    if (id === null) return worker.fetch(request, env);
    if (id === "") return Response.json({ objects });
    return env.WORKFLOW_INSTANCE.getByName(id).fetch("http://instance/watchers");
  },
};
