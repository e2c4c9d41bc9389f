import { useEffect, useState } from "preact/hooks";
import type { JobOperation } from "../../../src/jobs/job.ts";
import { InTerminal, ReasonField } from "../act/action-dialog.tsx";
import type { Asked } from "../act/requests.ts";
import { api } from "../app/api.ts";
import { href } from "../app/router.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Failed, messageOf } from "../parts/failed.tsx";
import { Icon } from "../parts/icon.tsx";
import { JsonEditor } from "../parts/json-editor.tsx";
import { checkJson } from "../parts/json-text.ts";
import { StatusChip, standingOf } from "../parts/status-chip.tsx";
import { type BulkOptions, bulkJob, dryRun, OPERATIONS, type Targets, TYPED_ABOVE } from "./bulk-request.ts";
import type { Row } from "./rows.ts";

interface DryRun {
  readonly matched: number;
  readonly complete?: false;
  readonly samples: readonly Row[];
}

type State =
  | { readonly type: "counting" | "sending" }
  | { readonly type: "counted" }
  | { readonly type: "failed"; readonly error: unknown }
  | { readonly type: "begun"; readonly jobID: string };

const NOTHING: BulkOptions = { reason: "", eventName: "", payload: "", force: false, nonRecursive: false };

/** What is shown is what is sent, to the letter. */
function send<T>({ request: { path, body } }: Asked): Promise<T> {
  return api.sendText<T>("POST", path, body ?? "");
}

/** First it is tried without doing anything; then it says how many, and begins a job for at most so many. */
export function BulkDialog({
  operation,
  targets,
  onClose,
}: {
  operation: JobOperation;
  targets: Targets;
  onClose: (hasBegun: boolean) => void;
}) {
  const { label, effect, danger } = OPERATIONS[operation];
  const [found, setFound] = useState<DryRun | undefined>(undefined);
  const [state, setState] = useState<State>({ type: "counting" });
  const [options, setOptions] = useState(NOTHING);
  const [typed, setTyped] = useState("");
  const set = (changes: Partial<BulkOptions>) => setOptions({ ...options, ...changes });
  const count = () => {
    setState({ type: "counting" });
    send<DryRun>(dryRun(operation, targets)).then(
      (answer) => {
        setFound(answer);
        setState({ type: "counted" });
      },
      (error: unknown) => setState({ type: "failed", error }),
    );
  };
  useEffect(count, []);
  const close = () => onClose(state.type === "begun");
  if (found === undefined) {
    return (
      <Dialog key="count" title={`${label}: many at once`} onClose={close}>
        {state.type === "failed" ? (
          <Failed error={state.error} what="How many there are" onRetry={count} />
        ) : (
          <p role="status">Counting what this is about; nothing is done yet …</p>
        )}
      </Dialog>
    );
  }
  const { matched, samples } = found;
  const many = `${matched.toLocaleString("en")} ${matched === 1 ? "instance" : "instances"}`;
  if (state.type === "begun") return <Begun many={many} label={label} jobID={state.jobID} onClose={close} />;
  const isTyped = matched <= TYPED_ABOVE || Number(typed.replaceAll(/[\s,.]/g, "")) === matched;
  const isReady = operation !== "raise" || (options.eventName !== "" && checkJson(options.payload) === undefined);
  const job = bulkJob(operation, targets, matched, options);
  const begin = (event: Event) => {
    event.preventDefault();
    if (!isTyped || !isReady || matched === 0) return;
    setState({ type: "sending" });
    send<{ jobID: string }>(job).then(
      ({ jobID }) => setState({ type: "begun", jobID }),
      (error: unknown) => setState({ type: "failed", error }),
    );
  };
  return (
    <Dialog key="ask" title={`${label} ${many}?`} onClose={close}>
      <form class="form" onSubmit={begin}>
        <p>{effect}</p>
        <p class="quiet">
          {targets.type === "filter"
            ? "All that fit the filter of the list now, also those that are not in view, newest first. What is created later is left alone."
            : "Those that are selected."}{" "}
          Dry run: {many}
          {found.complete === false && ", and perhaps more: not every instance was looked at"}.
        </p>
        <Samples samples={samples} matched={matched} />
        <Fields operation={operation} options={options} set={set} />
        <ReasonField value={options.reason} onChange={(reason) => set({ reason })} />
        <InTerminal asked={job} />
        {matched > TYPED_ABOVE && (
          <label class="field">
            <span>Type {matched} to go on</span>
            <input
              inputMode="numeric"
              autocomplete="off"
              value={typed}
              onInput={(event) => setTyped(event.currentTarget.value)}
            />
          </label>
        )}
        {state.type === "failed" && (
          <p class="problem" role="alert">
            <Icon name="triangle-alert" /> {messageOf(state.error)}
          </p>
        )}
        <div class="form-end">
          <button type="button" class="button" onClick={close} data-autofocus={danger ? "" : undefined}>
            Go back
          </button>
          <button
            type="submit"
            class={danger ? "button button-danger" : "button button-main"}
            disabled={!isTyped || !isReady || matched === 0 || state.type === "sending"}
          >
            {state.type === "sending" ? "Sending …" : `${label} ${many}`}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Begun(props: { many: string; label: string; jobID: string; onClose: () => void }) {
  const { many, label, jobID, onClose } = props;
  return (
    <Dialog title={`${label} ${many}`} onClose={onClose}>
      <div class="form">
        <p role="status">
          The job has begun: <a href={href("jobs", jobID)}>see how far it is</a>. It goes on by itself, and can be
          stopped there.
        </p>
        <div class="form-end">
          <button type="button" class="button button-main" data-autofocus onClick={onClose}>
            Close
          </button>
        </div>
      </div>
    </Dialog>
  );
}

function Samples({ samples, matched }: { samples: readonly Row[]; matched: number }) {
  if (samples.length === 0) return null;
  return (
    <details class="samples">
      <summary>{samples.length < matched ? `The first ${samples.length}` : "Which"}</summary>
      <ul>
        {samples.map((row) => (
          <li key={row.instanceID}>
            <span class="mono">{row.instanceID}</span> <StatusChip standing={standingOf(row)} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function Fields(props: {
  operation: JobOperation;
  options: BulkOptions;
  set: (changes: Partial<BulkOptions>) => void;
}) {
  const { operation, options, set } = props;
  if (operation === "raise") {
    return (
      <>
        <label class="field">
          <span>Event</span>
          <input
            required
            autocomplete="off"
            value={options.eventName}
            onInput={(event) => set({ eventName: event.currentTarget.value })}
          />
        </label>
        <JsonEditor label="Payload (JSON)" rows={4} value={options.payload} onChange={(payload) => set({ payload })} />
      </>
    );
  }
  if (operation !== "terminate" && operation !== "purge") return null;
  return (
    <>
      <Check
        label="Spare their children"
        isSet={options.nonRecursive}
        onChange={(nonRecursive) => set({ nonRecursive })}
      />
      {operation === "purge" && (
        <Check
          label="By force: also what has not ended. What it owes to others is lost"
          isSet={options.force}
          onChange={(force) => set({ force })}
        />
      )}
    </>
  );
}

function Check({ label, isSet, onChange }: { label: string; isSet: boolean; onChange: (isSet: boolean) => void }) {
  return (
    <label class="check">
      <input type="checkbox" checked={isSet} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}
