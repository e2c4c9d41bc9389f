import { useEffect } from "preact/hooks";
import { ACTIONS, actionsFor, type InstanceAction, openAction } from "../act/index.tsx";
import { onKeys } from "../app/keys.ts";
import { may } from "../app/session.ts";
import { Icon } from "../parts/icon.tsx";
import { Menu } from "../parts/menu.tsx";
import type { Moment } from "./model/moment.ts";
import type { WireDetail } from "./model/wire.ts";

const MENU_ID = "instance-actions";

/** All that can be asked of it; `.` opens them. */
export function Actions({ id, moment, detail }: { id: string; moment: Moment; detail: WireDetail }) {
  useEffect(() => onKeys({ ".": () => document.getElementById(MENU_ID)?.click() }), []);
  const { status: runtimeStatus } = moment;
  const items = actionsFor({ runtimeStatus, parentInstanceID: detail.parentInstanceID }).map((kind) => ({
    label: ACTIONS[kind].label,
    icon: ACTIONS[kind].icon,
    danger: ACTIONS[kind].danger === true,
    onSelect: () => openAction(kind, { id }),
  }));
  if (may("starter"))
    items.push({
      label: "Start one like this …",
      icon: "play",
      danger: false,
      onSelect: () => openAction("start", { id }),
    });
  if (items.length === 0) return null;
  return (
    <div class="instance-end">
      <Menu label="Actions" id={MENU_ID} items={items}>
        Actions <Icon name="chevron-down" size={14} />
      </Menu>
    </div>
  );
}

/** What most people would do next, where it stands as it does. */
export function NextSteps({ id, moment, detail }: { id: string; moment: Moment; detail: WireDetail }) {
  const offered = new Set(actionsFor({ runtimeStatus: moment.status, parentInstanceID: detail.parentInstanceID }));
  const awaited = moment.endedMs === undefined && moment.status === "RUNNING" ? (detail.awaitedEvents ?? []) : [];
  if (awaited.length > 0 && offered.has("raise")) {
    return (
      <>
        {awaited.slice(0, 3).map((name) => (
          <button key={name} type="button" class="button" onClick={() => openAction("raise", { id, name })}>
            <Icon name="send" size={14} /> Raise {name}
          </button>
        ))}
      </>
    );
  }
  const steps = (NEXT[moment.status] ?? []).filter((kind) => offered.has(kind));
  return (
    <>
      {steps.map((kind) => (
        <button key={kind} type="button" class="button" onClick={() => openAction(kind, { id })}>
          <Icon name={ACTIONS[kind].icon} size={14} /> {ACTIONS[kind].label.replace(/ …$/, "")}
        </button>
      ))}
    </>
  );
}

const NEXT: Partial<Record<WireDetail["runtimeStatus"], readonly InstanceAction[]>> = {
  FAILED: ["rewind", "rerun"],
  SUSPENDED: ["resume"],
  STALLED: ["version"],
};
