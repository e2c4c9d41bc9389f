import { useState } from "preact/hooks";
import { href } from "../app/router.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import type { Feed } from "./feed.ts";
import { attemptsOf } from "./model/bars.ts";
import { causesOf, failedCallOf } from "./model/why.ts";
import type { FailureDetails } from "./model/wire.ts";

const CHARACTERS_AT_FIRST = 2_000;

/** A failure, what has caused it. */
export function FailureView({ failure }: { failure: FailureDetails }) {
  return (
    <div class="failure">
      <ol class="causes">
        {causesOf(failure).map((cause, n) => (
          <Cause key={n} cause={cause} isFirst={n === 0} />
        ))}
      </ol>
      {(failure.otherFailures ?? []).length > 0 && (
        <details>
          <summary>{failure.otherFailures?.length} more errors came with it</summary>
          <ol class="causes">
            {failure.otherFailures?.map((cause, n) => (
              <Cause key={n} cause={cause} isFirst />
            ))}
          </ol>
        </details>
      )}
    </div>
  );
}

function Cause({ cause, isFirst }: { cause: FailureDetails; isFirst: boolean }) {
  const { errorType, message, stackTrace, properties, isNonRetriable } = cause;
  return (
    <li class="cause">
      <p>
        {!isFirst && <span class="quiet">caused by </span>}
        <strong>{errorType}</strong>
        {isNonRetriable === true && <span class="tag">not retried</span>}
      </p>
      <Text text={message} />
      {properties !== undefined && (
        <p>
          {Object.entries(properties).map(([key, value]) => (
            <span key={key} class="tag">
              {key}={String(value)}
            </span>
          ))}
        </p>
      )}
      {stackTrace !== undefined && (
        <details>
          <summary>Stack</summary>
          <div class="stack-trace">
            <CopyButton text={stackTrace} label="Copy the stack" />
            <pre>{stackTrace}</pre>
          </div>
        </details>
      )}
    </li>
  );
}

function Text({ text }: { text: string }) {
  const [isWhole, setWhole] = useState(text.length <= CHARACTERS_AT_FIRST);
  return (
    <p class="cause-text">
      {isWhole ? text : text.slice(0, CHARACTERS_AT_FIRST)}
      {!isWhole && (
        <button type="button" class="button-small" onClick={() => setWhole(true)}>
          show all {text.length.toLocaleString("en")} characters
        </button>
      )}
    </p>
  );
}

/** To the bar of the call that it has come from. */
export function StepLink({ failure, feed }: { failure: FailureDetails; feed: Feed }) {
  const bar = failedBarOf(failure, feed);
  if (bar === undefined) return null;
  return (
    <a class="step-link" href={href("i", feed.id, { bar: bar.position })}>
      in {bar.name ?? "the call"} #{bar.id}
    </a>
  );
}

function failedBarOf(failure: FailureDetails, feed: Feed) {
  const id = failedCallOf(failure);
  if (id === undefined) return undefined;
  return feed.bars.value?.all.find(
    (bar) => (bar.kind === "activity" || bar.kind === "child") && attemptsOf(bar).some((attempt) => attempt.id === id),
  );
}
