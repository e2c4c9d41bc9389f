import type { ComponentType } from "preact";
import type { IconName } from "../parts/icon.tsx";

/** A page is a module of its own, which is loaded when it is first asked for. */
export interface PageModule {
  readonly Page: ComponentType;
}

interface PageEntry {
  readonly title: string;
  readonly load: () => Promise<PageModule>;
  /** In the navigation, where it stands there. */
  readonly icon?: IconName;
  /** After `g`. */
  readonly key?: string;
  /** About all instances at once: nothing for a token that is for some. */
  readonly isOfAll?: true;
}

/** By the first segment of the address, in the order of the navigation. */
export const PAGES: Readonly<Record<string, PageEntry>> = {
  "": { title: "Overview", load: () => import("../overview/page.tsx"), icon: "layout-dashboard", key: "o" },
  list: { title: "Instances", load: () => import("../list/page.tsx"), icon: "list", key: "l" },
  failures: { title: "Failures", load: () => import("../pages/failures.tsx"), icon: "bug", key: "f" },
  schedules: {
    title: "Schedules",
    load: () => import("../pages/schedules.tsx"),
    icon: "calendar-clock",
    key: "s",
    isOfAll: true,
  },
  jobs: { title: "Bulk jobs", load: () => import("../pages/jobs.tsx"), icon: "layers", key: "j" },
  limits: { title: "Limits", load: () => import("../pages/limits.tsx"), icon: "gauge", key: "m", isOfAll: true },
  workflows: { title: "Workflows", load: () => import("../pages/workflows.tsx"), icon: "workflow", key: "w" },
  catalog: { title: "Catalog", load: () => import("../pages/catalog.tsx"), icon: "database", key: "c", isOfAll: true },
  i: { title: "Instance", load: () => import("../instance/page.tsx") },
  start: { title: "Start a workflow", load: () => import("../act/start-page.tsx") },
};
