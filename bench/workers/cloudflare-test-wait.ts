import { makeWorker } from "./cloudflare.ts";

export { Bench } from "./cloudflare.ts";

/**
 * Waits as `cloudflare:test` does, which is quicker than what a client can do, and absent from production: to see how much of
 * what is measured is the wait.
 */
interface TestBinding {
  unsafeWaitForStatus(instanceId: string, status: "complete"): Promise<void>;
  unsafeGetOutputOrError(instanceId: string, isOutput: true): Promise<unknown>;
}

export default makeWorker(async ({ id }, { BENCH }) => {
  const binding = BENCH as unknown as TestBinding;
  await binding.unsafeWaitForStatus(id, "complete");
  return binding.unsafeGetOutputOrError(id, true);
});
