import sprite from "../../icons/sprite.svg?no-inline";

/** Those of icons/sprite.svg. */
export type IconName =
  | "arrow-down"
  | "arrow-left"
  | "arrow-up"
  | "ban"
  | "bookmark"
  | "bug"
  | "calendar-clock"
  | "check"
  | "chevron-down"
  | "chevron-right"
  | "circle-check"
  | "circle-pause"
  | "circle-play"
  | "circle-question-mark"
  | "circle-x"
  | "clock"
  | "columns-3"
  | "copy"
  | "database"
  | "download"
  | "ellipsis"
  | "external-link"
  | "flask-conical"
  | "gauge"
  | "git-branch"
  | "git-fork"
  | "hourglass"
  | "info"
  | "key-round"
  | "layers"
  | "layout-dashboard"
  | "link"
  | "list"
  | "list-filter"
  | "loader"
  | "menu"
  | "octagon-x"
  | "pause"
  | "play"
  | "plus"
  | "rotate-ccw"
  | "rotate-cw"
  | "search"
  | "send"
  | "square"
  | "timer"
  | "trash-2"
  | "triangle-alert"
  | "undo-2"
  | "workflow"
  | "x"
  | "zap"
  | "zoom-in"
  | "zoom-out";

/** Beside a word it is decoration; alone it needs `label`. */
export function Icon({ name, label, size = 16 }: { name: IconName; label?: string; size?: number }) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      role={label === undefined ? undefined : "img"}
      aria-label={label}
      aria-hidden={label === undefined ? "true" : undefined}
      focusable="false"
    >
      <use href={`${sprite}#${name}`} />
    </svg>
  );
}
