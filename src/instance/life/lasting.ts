import type { UnreadableError } from "../../storage/unreadable-error.ts";
import type { ActivityOwner, ActivityRunner } from "../activities/index.ts";
import type { Announcer } from "../announcing/index.ts";
import type { InstanceLog } from "../instance-log.ts";
import type { Leases } from "../leasing/index.ts";
import type { Notifier } from "../notifying/index.ts";
import type { InstancePorts } from "../ports.ts";
import type { Tracer } from "../tracing/index.ts";
import type { AlarmKeeper, Burst, Watchers } from "../waking/index.ts";
import type { Retention } from "./retention.ts";

/** What outlasts a life, as its turns use it. */
export interface Lasting extends Pick<ActivityOwner, "isCurrent"> {
  readonly ports: InstancePorts;
  readonly log: InstanceLog;
  readonly burst: Burst;
  readonly alarm: AlarmKeeper;
  readonly watchers: Watchers;
  readonly activities: ActivityRunner;
  readonly retention: Retention;
  /** `undefined`: nothing is limited across instances. */
  readonly leases: Leases | undefined;
  /** `undefined`: there is no catalog. */
  readonly announcer: Announcer | undefined;
  /** `undefined`: there are no receivers of webhooks. */
  readonly notifier: Notifier | undefined;
  /** `undefined`: no spans are made. */
  readonly tracer: Tracer | undefined;
  /** The life ends here: its code has held up a turn, and a terminate does not wait for it any longer. */
  giveUpCode(): void;
  /** The life ends here. */
  cannotRead(error: UnreadableError): void;
}
