import type { ComponentChildren } from "preact";
import { ApiError } from "../app/api.ts";
import { Code } from "../parts/code.tsx";
import { Empty } from "../parts/empty.tsx";
import { Failed, messageOf } from "../parts/failed.tsx";
import { Time } from "../parts/time.tsx";
import type { Reading } from "./use-read.ts";

/** What was read, or why there is nothing: a read that has failed never looks like one that has found nothing. */
export function Loaded<T>({
  reading,
  what,
  children,
}: {
  reading: Reading<T>;
  what: string;
  children: (value: T) => ComponentChildren;
}) {
  const { value, error, atMs, again } = reading;
  if (error instanceof ApiError && error.status === 501) return <NotConfigured what={what} error={error} />;
  if (value === undefined) {
    if (error === undefined) return <p class="loading">Loading …</p>;
    return <Failed error={error} what={what} onRetry={again} />;
  }
  return (
    <>
      {error !== undefined && (
        <div class="stale" role="alert">
          <p>
            This is as of <Time at={atMs} />; since then it could not be read: {messageOf(error)}
          </p>
          <button type="button" class="button-small" onClick={again}>
            Try again
          </button>
        </div>
      )}
      {children(value)}
    </>
  );
}

/** The server's own text says what to add, and to which file. */
function NotConfigured({ what, error }: { what: string; error: ApiError }) {
  const [says = "", ...rest] = error.message.split("\n");
  const toAdd = rest.join("\n").trim();
  return (
    <Empty title={`${what}: not switched on`} icon="database">
      <p class="measure">{says}</p>
      {toAdd !== "" && <Code text={toAdd} label="Copy what to add" />}
    </Empty>
  );
}

/** What a list or a count does not have, in words. */
export function Gaps({
  missingShards,
  complete,
}: {
  missingShards?: number | undefined;
  complete?: false | undefined;
}) {
  if (missingShards === undefined && complete === undefined) return null;
  return (
    <p class="stale" role="status">
      {missingShards !== undefined &&
        `${missingShards} of the catalog's shards did not answer: what they list is missing here. `}
      {complete === false && "There are too many instances to look at all of them: this is a part."}
    </p>
  );
}
