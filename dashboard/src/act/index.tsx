import { signal, useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { go, href, reload, route } from "../app/router.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Failed } from "../parts/failed.tsx";
import type { InstanceAction } from "./kinds.ts";

/*
 * The way to every action on an instance: `openAction("raise", { id })`. The dialogs are a chunk of their own, loaded when the first is opened.
 */

export { changed } from "./changed.ts";
export { ACTIONS, actionsFor, type InstanceAction } from "./kinds.ts";

export interface ActionTarget {
  readonly id: string;
  /** Of a rerun: the call that is made again. */
  readonly eventID?: number | undefined;
  /** Of raise, query and update: which. */
  readonly name?: string | undefined;
}

export interface OpenedAction {
  readonly kind: InstanceAction;
  readonly target: ActionTarget;
}

const opened = signal<OpenedAction | undefined>(undefined);

/** `start` opens the form with the workflow and the input of that instance. */
export function openAction(kind: InstanceAction | "start", target: ActionTarget): void {
  if (kind === "start") go(href("start", { like: target.id }));
  else opened.value = { kind, target };
}

export type DialogProps = ActionTarget & { readonly onClose: () => void };

/** Stands once in the shell, and shows the action that is open. */
export function ActionHost() {
  const action = opened.value;
  const dialogs = useSignal<Readonly<Record<InstanceAction, ComponentType<DialogProps>>> | undefined>(undefined);
  const failure = useSignal<unknown>(undefined);
  const load = () => {
    if (action === undefined || dialogs.value !== undefined) return;
    failure.value = undefined;
    import("./dialogs.tsx").then(
      (module) => {
        dialogs.value = module.DIALOGS;
      },
      (error: unknown) => {
        failure.value = error;
      },
    );
  };
  useEffect(load, [action]);
  const close = () => {
    opened.value = undefined;
  };
  // Its links lead to what was made, which it must not cover.
  const { page, path } = route.value;
  useEffect(() => close, [[page, ...path].join("/")]);
  if (action === undefined) return null;
  const Shown = dialogs.value?.[action.kind];
  if (Shown !== undefined) return <Shown {...action.target} onClose={close} />;
  if (failure.value === undefined) return null;
  return (
    <Dialog title="Action" onClose={close}>
      <Failed error={failure.value} what="This part of the page" onRetry={reload} />
    </Dialog>
  );
}
