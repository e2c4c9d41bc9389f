import type { ComponentType } from "preact";
import { useMemo, useState } from "preact/hooks";
import { api, at } from "../app/api.ts";
import { href } from "../app/router.ts";
import { useRead } from "../pages/use-read.ts";
import type { Detail } from "../pages/wire.ts";
import { JsonEditor } from "../parts/json-editor.tsx";
import { checkJson } from "../parts/json-text.ts";
import { ActionDialog } from "./action-dialog.tsx";
import type { DialogProps } from "./index.tsx";
import { QueryDialog, UpdateDialog, VersionDialog } from "./interaction-dialogs.tsx";
import type { InstanceAction } from "./kinds.ts";
import { purge, raise, simple, terminate } from "./requests.ts";
import { RerunDialog } from "./rerun-dialog.tsx";

/** Of each kind of action. */
export const DIALOGS: Readonly<Record<InstanceAction, ComponentType<DialogProps>>> = {
  raise: RaiseDialog,
  pause: PauseDialog,
  resume: ResumeDialog,
  cancel: CancelDialog,
  terminate: TerminateDialog,
  rerun: RerunDialog,
  rewind: RewindDialog,
  restart: RestartDialog,
  version: VersionDialog,
  query: QueryDialog,
  update: UpdateDialog,
  purge: PurgeDialog,
};

/** What is known of the instance now; payloads are not read. */
export function useDetail(id: string) {
  return useRead(
    id,
    (signal) => api.get<Detail>(at.workflows(id), { detail: "full", fetchPayloads: false }, { signal }),
    0,
  );
}

export function InstanceLink({ id, children }: { id: string; children?: string }) {
  return (
    <a href={href("i", id)} class="mono">
      {children ?? id}
    </a>
  );
}

function PauseDialog({ id, onClose }: DialogProps) {
  return (
    <ActionDialog
      title={`Pause ${id}`}
      verb="Pause"
      onClose={onClose}
      effect={
        <p>
          Its code does not go on until it is resumed. Activities that run go on, and what they bring is kept, as events
          are. Its children are not paused.
        </p>
      }
      asked={(reason) => simple("pause", { id, reason })}
      done={() => (
        <p>
          <InstanceLink id={id} /> is paused.
        </p>
      )}
    />
  );
}

function ResumeDialog({ id, onClose }: DialogProps) {
  return (
    <ActionDialog
      title={`Resume ${id}`}
      verb="Resume"
      onClose={onClose}
      effect={<p>Its code goes on with all that has come meanwhile. Its children are left as they are.</p>}
      asked={(reason) => simple("resume", { id, reason })}
      done={() => (
        <p>
          <InstanceLink id={id} /> goes on.
        </p>
      )}
    />
  );
}

function CancelDialog({ id, onClose }: DialogProps) {
  return (
    <ActionDialog
      title={`Cancel ${id}`}
      verb="Ask it to end"
      back="Leave it"
      danger
      onClose={onClose}
      effect={
        <p>
          Its code is told where it waits, may clean up, and ends. Its <Children id={id} /> are asked to end, too. To
          end it at once, without its code, terminate it.
        </p>
      }
      asked={(reason) => simple("cancel", { id, reason })}
      done={() => (
        <p>
          <InstanceLink id={id} /> was asked to end.
        </p>
      )}
    />
  );
}

/** How many there are, once that is known. */
function Children({ id }: { id: string }) {
  const { value } = useDetail(id);
  const open = value?.more?.openChildren ?? value?.openChildren.length;
  if (open === undefined) return <>children</>;
  if (open === 0) return <>children (none is open now)</>;
  return (
    <strong>
      {open === 1 ? "child" : "children"} ({open} open)
    </strong>
  );
}

function TerminateDialog({ id, onClose }: DialogProps) {
  const [output, setOutput] = useState("");
  const [nonRecursive, setNonRecursive] = useState(false);
  const isWrong = checkJson(output) !== undefined;
  return (
    <ActionDialog
      title={`Terminate ${id}`}
      verb="Terminate"
      danger
      onClose={onClose}
      effect={
        <p>
          It ends at once, and its code does not run again: nothing is cleaned up. Its <Children id={id} />{" "}
          {nonRecursive ? "go on." : "are terminated with it."}
        </p>
      }
      asked={(reason) => (isWrong ? undefined : terminate({ id, reason, output, nonRecursive }))}
      done={() => (
        <p>
          <InstanceLink id={id} /> is terminated.
        </p>
      )}
    >
      <Check label="Leave the children" isSet={nonRecursive} onChange={setNonRecursive} />
      <JsonEditor label="Output (JSON, may be left out)" value={output} onChange={setOutput} rows={2} />
    </ActionDialog>
  );
}

function PurgeDialog({ id, onClose }: DialogProps) {
  const { value } = useDetail(id);
  const [force, setForce] = useState(false);
  const [nonRecursive, setNonRecursive] = useState(false);
  const isOpen = value !== undefined && value.endedAt === undefined;
  return (
    <ActionDialog
      title={`Purge ${id}`}
      verb="Purge for good"
      danger
      onClose={onClose}
      effect={
        <>
          <p>
            The instance and its history are removed, and do not come back.{" "}
            {nonRecursive ? "Its children stay." : "Its children are removed with it."} The reason goes to the log.
          </p>
          {isOpen && <p>It has not ended: without force it is refused. With force it is stopped where it is.</p>}
        </>
      }
      asked={(reason) => purge({ id, reason, force, nonRecursive })}
      done={() => (
        <p>
          <span class="mono">{id}</span> is gone. <a href={href("list")}>To the list</a>
        </p>
      )}
    >
      {isOpen && <Check label="Force: whatever its status" isSet={force} onChange={setForce} />}
      <Check label="Leave the children" isSet={nonRecursive} onChange={setNonRecursive} />
    </ActionDialog>
  );
}

function RewindDialog({ id, onClose }: DialogProps) {
  const requestID = useMemo(newRequestID, []);
  return (
    <ActionDialog
      title={`Rewind ${id}`}
      verb="Rewind"
      onClose={onClose}
      effect={
        <p>
          It goes on under the same ID from the place at which its code has failed: the call that has failed is made
          again, and what has succeeded stays. A child that has failed is rewound with it.
        </p>
      }
      asked={(reason) => simple("rewind", { id, reason, requestID })}
      done={() => (
        <p>
          <InstanceLink id={id} /> goes on.
        </p>
      )}
    />
  );
}

function RestartDialog({ id, onClose }: DialogProps) {
  const requestID = useMemo(newRequestID, []);
  const { value } = useDetail(id);
  const runs = value !== undefined && value.endedAt === undefined;
  return (
    <ActionDialog
      title={`Restart ${id}`}
      verb="Restart"
      danger
      onClose={onClose}
      effect={
        <p>
          {runs ? "What runs is terminated with its children, without cleaning up. Then it " : "It "}
          begins anew under the same ID, with the same input, on the latest version. The history so far is replaced.
        </p>
      }
      asked={(reason) => simple("restart", { id, reason, requestID })}
      done={() => (
        <p>
          <InstanceLink id={id} /> has begun anew.
        </p>
      )}
    />
  );
}

/** So that a request that is sent twice, because its answer was lost, counts once. */
export function newRequestID(): string {
  // Pages that are not served over https, or from this machine, have no randomUUID.
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function Check({
  label,
  isSet,
  onChange,
}: {
  label: string;
  isSet: boolean;
  onChange: (isSet: boolean) => void;
}) {
  return (
    <label class="check">
      <input type="checkbox" checked={isSet} onChange={(event) => onChange(event.currentTarget.checked)} />
      {label}
    </label>
  );
}

function RaiseDialog({ id, name, onClose }: DialogProps) {
  const { value, error } = useDetail(id);
  const [event, setEvent] = useState(name);
  const [payload, setPayload] = useState("");
  const awaited = [...new Set(value?.awaitedEvents ?? [])];
  // What it waits for is offered first; who writes another name, has it kept until it is waited for.
  const chosen = event ?? awaited[0] ?? "";
  const isWrong = checkJson(payload) !== undefined;
  return (
    <ActionDialog
      title={`Raise an event on ${id}`}
      verb="Raise"
      onClose={onClose}
      effect={
        <p>
          {awaited.length > 0 ? (
            <>It waits for {listOf(awaited)}. </>
          ) : value !== undefined ? (
            "It waits for no event now: the event is kept until it does. "
          ) : error !== undefined ? (
            "What it waits for is not known. "
          ) : null}
          Its children hear nothing of it.
        </p>
      }
      asked={(reason) => (chosen === "" || isWrong ? undefined : raise({ id, event: chosen, payload, reason }))}
      done={() => (
        <p>
          <InstanceLink id={id} /> has the event <code>{chosen}</code>.
        </p>
      )}
    >
      <label class="field">
        <span>Event</span>
        <input
          list="awaited-events"
          value={chosen}
          autocomplete="off"
          spellcheck={false}
          onInput={(input) => setEvent(input.currentTarget.value)}
        />
        <datalist id="awaited-events">
          {awaited.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      </label>
      {awaited.length > 1 && (
        <fieldset class="picks">
          <legend class="hidden-text">Events that it waits for</legend>
          {awaited.map((one) => (
            <button
              key={one}
              type="button"
              class="button-small"
              aria-pressed={one === chosen}
              onClick={() => setEvent(one)}
            >
              {one}
            </button>
          ))}
        </fieldset>
      )}
      <JsonEditor label="Payload (JSON, may be left out)" value={payload} onChange={setPayload} rows={4} />
    </ActionDialog>
  );
}

function listOf(names: readonly string[]) {
  return names.map((name, n) => (
    <>
      {n > 0 && (n === names.length - 1 ? " and " : ", ")}
      <code>{name}</code>
    </>
  ));
}
