import type { RuntimeStatus } from "../../../src/model/status.ts";
import { may, type Role } from "../app/session.ts";
import type { IconName } from "../parts/icon.tsx";

/*
 * The actions that there are, and which of them make sense for an instance: what cannot be, or what the role may not do, is not offered.
 */

export type InstanceAction =
  | "raise"
  | "pause"
  | "resume"
  | "cancel"
  | "terminate"
  | "rerun"
  | "rewind"
  | "restart"
  | "version"
  | "query"
  | "update"
  | "purge";

interface ActionEntry {
  /** In a menu. */
  readonly label: string;
  readonly icon: IconName;
  readonly role: Role;
  /** Something is lost, and does not come back. */
  readonly danger?: true;
  readonly fits: (instance: ActedOn) => boolean;
}

/** What is known of an instance. */
export interface ActedOn {
  readonly runtimeStatus: RuntimeStatus;
  readonly parentInstanceID?: string | undefined;
}

const hasEnded = ({ runtimeStatus }: ActedOn) =>
  runtimeStatus === "COMPLETED" ||
  runtimeStatus === "FAILED" ||
  runtimeStatus === "CANCELED" ||
  runtimeStatus === "TERMINATED";
const isOpen = (instance: ActedOn) => !hasEnded(instance);
const hasBegun = (instance: ActedOn) => isOpen(instance) && instance.runtimeStatus !== "PENDING";
const isNoChild = ({ parentInstanceID }: ActedOn) => parentInstanceID === undefined;

/** In the order of the menu: what is asked for most, first. */
export const ACTIONS: Readonly<Record<InstanceAction, ActionEntry>> = {
  raise: { label: "Raise an event …", icon: "send", role: "starter", fits: isOpen },
  pause: {
    label: "Pause …",
    icon: "pause",
    role: "operator",
    fits: (i) => isOpen(i) && i.runtimeStatus !== "SUSPENDED",
  },
  resume: { label: "Resume …", icon: "play", role: "operator", fits: (i) => i.runtimeStatus === "SUSPENDED" },
  query: { label: "Query …", icon: "search", role: "viewer", fits: hasBegunOrEnded },
  update: { label: "Update …", icon: "zap", role: "starter", fits: hasBegun },
  rewind: { label: "Rewind …", icon: "undo-2", role: "operator", fits: (i) => i.runtimeStatus === "FAILED" },
  rerun: { label: "Rerun …", icon: "rotate-cw", role: "operator", fits: (i) => hasEnded(i) && isNoChild(i) },
  restart: { label: "Restart …", icon: "rotate-ccw", role: "operator", fits: isNoChild },
  version: { label: "Change version …", icon: "git-branch", role: "operator", fits: hasBegun },
  cancel: { label: "Cancel …", icon: "ban", role: "operator", fits: isOpen },
  terminate: { label: "Terminate …", icon: "octagon-x", role: "operator", danger: true, fits: isOpen },
  purge: { label: "Purge …", icon: "trash-2", role: "admin", danger: true, fits: () => true },
};

function hasBegunOrEnded({ runtimeStatus }: ActedOn): boolean {
  return runtimeStatus !== "PENDING";
}

/** What this reader may do to it now. */
export function actionsFor(instance: ActedOn): InstanceAction[] {
  return (Object.keys(ACTIONS) as InstanceAction[]).filter((kind) => {
    const { role, fits } = ACTIONS[kind];
    return may(role) && fits(instance);
  });
}
