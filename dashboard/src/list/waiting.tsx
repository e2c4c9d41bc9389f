import { href } from "../app/router.ts";
import { Time } from "../parts/time.tsx";
import type { Row } from "./rows.ts";
import { troubleOf } from "./troubles.ts";

/** The answer to "what is it doing": what it waits for, why it is tried again or stalled, how it failed, what it says itself. */
export function Waiting({ row }: { row: Row }) {
  const { failure, waitingFor, customStatus, runtimeStatus } = row;
  const trouble = troubleOf(row);
  if (failure !== undefined)
    return (
      <span class="row-failure" title={failure.message}>
        <b>{failure.errorType}</b>
        {failure.message !== undefined && `: ${failure.message}`}
      </span>
    );
  if (trouble?.text !== undefined)
    return (
      <span class="row-trouble" title={trouble.text}>
        {waitingFor !== undefined && <WaitsFor waitingFor={waitingFor} />} {trouble.text}
      </span>
    );
  const isOpen = runtimeStatus === "RUNNING" || runtimeStatus === "SUSPENDED" || runtimeStatus === "PENDING";
  return (
    <>
      {isOpen && waitingFor !== undefined && <WaitsFor waitingFor={waitingFor} />}{" "}
      {customStatus !== undefined && (
        <span class="row-custom" title={customStatus}>
          {customStatus}
        </span>
      )}
    </>
  );
}

const WORDS: Readonly<Record<string, string>> = {
  event: "event",
  timer: "timer",
  start: "starts",
  activity: "activity",
  child: "child",
  limit: "limit",
  condition: "a condition",
};

function WaitsFor({ waitingFor }: { waitingFor: string }) {
  const [kind = "", ...rest] = waitingFor.split(":");
  const what = rest.join(":");
  return (
    <span class="row-wait">
      {WORDS[kind] ?? kind}{" "}
      {kind === "timer" || kind === "start" ? (
        <Time at={what} />
      ) : kind === "child" ? (
        <a class="row-other mono" href={href("i", what)}>
          {what}
        </a>
      ) : (
        <b>{what}</b>
      )}
    </span>
  );
}
