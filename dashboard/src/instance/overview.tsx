import { route } from "../app/router.ts";
import { StatusChip } from "../parts/status-chip.tsx";
import { Time } from "../parts/time.tsx";
import { BarDetails, Payload } from "./bar-details.tsx";
import { FailureView } from "./failure.tsx";
import type { Feed } from "./feed.ts";
import { waitersFor } from "./model/branches.ts";
import { type Call, type Moment, openCalls, openTimers } from "./model/moment.ts";
import type { FailureDetails, WireBranch, WireDetail } from "./model/wire.ts";
import { BranchTag, Card, Due, InstanceLink, Since, TableBox } from "./parts.tsx";
import { Timeline } from "./timeline/timeline.tsx";

/** What has gone wrong, what it did, what it still does, what it was given and has answered. */
export function Overview({ feed }: { feed: Feed }) {
  const [moment, detail] = [feed.moment.value, feed.detail.value];
  if (moment === undefined || detail === undefined) return null;
  const failure = moment.failure ?? (moment.status === "STALLED" ? undefined : detail.failure);
  const hasSelected = route.value.query.has("bar");
  return (
    <>
      {failure !== undefined && moment.endedMs !== undefined && tellsMore(failure) && (
        <Card title="Why it failed">
          <FailureView failure={failure} />
        </Card>
      )}
      <Timeline feed={feed} />
      {hasSelected && <BarDetails feed={feed} />}
      <Pending moment={moment} told={toldBy(detail)} />
      <div class="payload-cards">
        <PayloadCard
          title="Input"
          text={moment.input ?? detail.properties?.["dapr.workflow.input"]}
          none="It was started without an input."
        />
        <PayloadCard
          title="Output"
          text={moment.output ?? detail.properties?.["dapr.workflow.output"]}
          none={moment.endedMs === undefined ? "It has not ended yet." : "It has ended without an output."}
        />
      </div>
    </>
  );
}

/** The head has its type and its message already. */
function tellsMore({ innerFailure, otherFailures, stackTrace, properties }: FailureDetails): boolean {
  return [innerFailure, otherFailures, stackTrace, properties].some((told) => told !== undefined);
}

/** An empty text is no payload. */
function PayloadCard({ title, text, none }: { title: string; text: string | undefined; none: string }) {
  return <Card title={title}>{text ? <Payload title="" text={text} /> : <p class="quiet">{none}</p>}</Card>;
}

const MOST = 50;
const MOST_NAMED = 5;

/** What only the code can tell of what is open. */
export interface Told {
  readonly awaitedEvents: readonly string[];
  readonly awaitsCondition: boolean;
  readonly bufferedEvents: readonly { readonly name: string; readonly count: number }[];
  readonly openTimers: readonly number[];
  readonly branches?: readonly WireBranch[];
  /** How many events it has seen: of timers that come later it knows nothing. */
  readonly events: number;
}

function toldBy(detail: WireDetail): Told {
  const { awaitedEvents = [], awaitsCondition = false, bufferedEvents = [], openTimers, branches = [], sizes } = detail;
  const events = sizes?.historyEvents ?? 0;
  const timers = openTimers.map(({ id }) => id);
  return { awaitedEvents, awaitsCondition, bufferedEvents, openTimers: timers, branches, events };
}

/** What is open: calls with their attempts, timers, waits, and what has come and nobody has taken. */
export function Pending({
  moment,
  told,
  isPast = false,
}: {
  moment: Moment;
  told: Told | undefined;
  isPast?: boolean;
}) {
  const calls = openCalls(moment);
  // One that the code has called off is open as far as events tell.
  const isKnown = new Set(told?.openTimers);
  const timers = openTimers(moment).filter(
    ({ id, position }) => told === undefined || isKnown.has(id) || position >= told.events,
  );
  const isEnded = moment.endedMs !== undefined;
  const events = isEnded ? [] : (told?.awaitedEvents ?? []);
  const buffered = isEnded ? [] : (told?.bufferedEvents ?? []);
  const branches = isEnded ? [] : (told?.branches ?? []);
  const updates = isEnded ? [] : [...moment.updates];
  const isCondition = !isEnded && told?.awaitsCondition === true;
  const count = calls.length + timers.length + events.length + updates.length + (isCondition ? 1 : 0);
  if (count + buffered.length + branches.length === 0) return null;
  return (
    <Card title="Pending work" aside={<span class="quiet">{count.toLocaleString("en")}</span>}>
      <TableBox label="Pending work">
        <table class="bar-table">
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">State</th>
              <th scope="col">Next</th>
              <th scope="col">Last failure</th>
            </tr>
          </thead>
          <tbody>
            {calls.slice(0, MOST).map((call) => (
              <CallRow key={`c${call.id}`} call={call} isPast={isPast} />
            ))}
            {events.slice(0, MOST).map((name) => (
              <tr key={`e${name}`}>
                <th scope="row">
                  event <code>{name}</code>
                  <Waiters names={waitersFor(branches, `event:${name}`)} />
                </th>
                <td>
                  <StatusChip standing="waiting" />
                </td>
                <td>when somebody raises it</td>
                <td />
              </tr>
            ))}
            {isCondition && (
              <tr>
                <th scope="row">
                  a condition of its own
                  <Waiters names={waitersFor(branches, "condition")} />
                </th>
                <td>
                  <StatusChip standing="waiting" />
                </td>
                <td>when its code finds it true</td>
                <td />
              </tr>
            )}
            {timers.slice(0, MOST).map(({ id, branch, fireMs }) => (
              <tr key={`t${id}`}>
                <th scope="row">
                  timer #{id}
                  <BranchTag name={branch} />
                </th>
                <td>
                  <StatusChip standing="waiting" />
                </td>
                <td>
                  {isPast ? (
                    <>
                      was to fire <Time at={fireMs} />
                    </>
                  ) : (
                    <>
                      fires <Due ms={fireMs} />
                    </>
                  )}
                </td>
                <td />
              </tr>
            ))}
            {branches.slice(0, MOST).map(({ name, waitingFor, ending }, n) => (
              <tr key={`b${n}`}>
                <th scope="row">
                  branch
                  <BranchTag name={name} />
                </th>
                <td>
                  <StatusChip standing="waiting" more={ending === true ? "(ending)" : undefined} />
                </td>
                <td>
                  {isPast ? "waited for " : "waits for "}
                  {waitingFor === undefined ? "nothing that can be told" : <code>{waitingFor}</code>}
                </td>
                <td />
              </tr>
            ))}
            {updates.slice(0, MOST).map(([updateId, { name, sinceMs }]) => (
              <tr key={`u${updateId}`}>
                <th scope="row">
                  update <code>{name}</code>
                </th>
                <td>
                  <StatusChip standing="running" />
                </td>
                <td>
                  <Since ms={sinceMs} />
                </td>
                <td />
              </tr>
            ))}
          </tbody>
        </table>
      </TableBox>
      {count > MOST && <p class="quiet">The first {MOST} of each kind are shown.</p>}
      {buffered.length > 0 && (
        <p>
          Events that have come, and nobody has taken yet:{" "}
          {buffered.map(({ name, count }) => (
            <span key={name} class="tag">
              {name} × {count}
            </span>
          ))}
        </p>
      )}
    </Card>
  );
}

function Waiters({ names }: { names: readonly string[] }) {
  return names.slice(0, MOST_NAMED).map((name, n) => <BranchTag key={n} name={name} />);
}

function CallRow({ call, isPast }: { call: Call; isPast: boolean }) {
  const { kind, name, id, branch, instanceId, status, attempt, attemptMs, nextAttemptMs, lastFailure } = call;
  return (
    <tr>
      <th scope="row">
        {kind === "child" ? "child" : "activity"} <code>{name}</code> <span class="quiet">#{id}</span>
        <BranchTag name={branch} />
        {instanceId !== undefined && (
          <>
            {" "}
            <InstanceLink id={instanceId} />
          </>
        )}
      </th>
      <td>
        <StatusChip
          standing={status === "retrying" ? "retrying" : "running"}
          more={attempt > 1 || status === "retrying" ? `(attempt ${attempt})` : undefined}
        />
      </td>
      <td>
        <CallNext nextMs={status === "retrying" ? nextAttemptMs : undefined} sinceMs={attemptMs} isPast={isPast} />
      </td>
      <td>
        {lastFailure !== undefined && <code class="said">{`${lastFailure.errorType}: ${lastFailure.message}`}</code>}
      </td>
    </tr>
  );
}

/** In the past a clock does not run. */
function CallNext({ nextMs, sinceMs, isPast }: { nextMs: number | undefined; sinceMs: number; isPast: boolean }) {
  if (isPast) {
    return (
      <>
        {nextMs === undefined ? "ran since " : "next attempt was due "}
        <Time at={nextMs ?? sinceMs} />
      </>
    );
  }
  if (nextMs === undefined) {
    return (
      <>
        runs <Since ms={sinceMs} />
      </>
    );
  }
  return (
    <>
      next attempt <Due ms={nextMs} />
    </>
  );
}
