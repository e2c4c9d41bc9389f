import worker, { Floor as Plain } from "./floor.ts";
import { metered, withCosts } from "./meter.ts";

export const Floor = metered(Plain);
export default { fetch: withCosts(worker.fetch) };
