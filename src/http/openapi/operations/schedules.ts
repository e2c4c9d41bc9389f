import { ACCEPTED, type Docs, TO_LOG, WITH_REASON } from "./operation-doc.ts";

const FAULTS = ["ERR_SCHEDULE", "ERR_SCHEDULES_NOT_CONFIGURED"] as const;
const OF_ONE = { tag: "Schedules", checks: "instance" } as const;
const ID = "The ID of the schedule: 1 to 40 letters, digits, _ and -.";
const GONE = ["ERR_SCHEDULE_NOT_FOUND", ...FAULTS] as const;

/** What starts instances by itself. */
export const SCHEDULES = {
  createSchedule: {
    ...OF_ONE,
    summary: "Make a schedule",
    description:
      "One of `cron`, `interval` and `at` says when. Each instance has the ID `<schedule>-<nominal time as 20261128T083000Z>`. What can never come is refused.",
    names: TO_LOG,
    body: { is: "NewSchedule", when: "The schedule, with its ID.", isRequired: true },
    answers: { 201: { when: "It is on disk.", schema: "Schedule" } },
    errors: ["ERR_SCHEDULE_EXISTS", ...FAULTS],
  },
  listSchedules: {
    tag: "Schedules",
    checks: "catalog",
    summary: "List schedules",
    description: "In the order of their IDs, each with its next time.",
    names: { pageSize: "How many schedules at most." },
    answers: { 200: { when: "A page.", schema: "ScheduleList" } },
    errors: FAULTS,
  },
  getSchedule: {
    tag: "Schedules",
    checks: "catalog",
    summary: "See a schedule",
    description: "With its next 10 times and its last 20.",
    names: { id: ID },
    answers: { 200: { when: "The schedule.", schema: "Schedule" } },
    errors: GONE,
  },
  putSchedule: {
    ...OF_ONE,
    summary: "Make or replace a schedule",
    description: "It may be sent again. What a schedule that is replaced has done, and whether it is paused, stays.",
    names: { id: ID, ...TO_LOG },
    body: { is: "PutSchedule", when: "The schedule.", isRequired: true },
    answers: {
      200: { when: "It has taken the place of one.", schema: "Schedule" },
      201: { when: "There was none.", schema: "Schedule" },
    },
    errors: FAULTS,
  },
  changeSchedule: {
    ...OF_ONE,
    summary: "Change a schedule",
    description:
      "What is named, and nothing else; `null` takes a field away. Another way to say when takes the place of the one before.",
    names: { id: ID, ...TO_LOG },
    body: { is: "ScheduleChange", when: "The changes." },
    answers: { 200: { when: "The schedule.", schema: "Schedule" } },
    errors: GONE,
  },
  deleteSchedule: {
    ...OF_ONE,
    summary: "Delete a schedule",
    description: "What it has started goes on.",
    names: { id: ID, ...TO_LOG },
    body: WITH_REASON,
    answers: { 204: { when: "It is gone." } },
    errors: GONE,
  },
  triggerSchedule: {
    ...OF_ONE,
    summary: "Start an instance now",
    description:
      "Also while the schedule is paused. Its ID is `<schedule>-<time>-<n>`. Whatever runs, it starts, unless `overlap` says otherwise.",
    names: { id: ID, requestID: "Makes a trigger that is sent twice start one instance. Default: a UUID." },
    body: { is: "ScheduleTrigger", when: "Another input than the schedule's." },
    answers: { 202: { when: "It is on disk.", schema: "ScheduleTriggered" } },
    errors: GONE,
  },
  pauseSchedule: {
    ...OF_ONE,
    summary: "Pause a schedule",
    description: "Times that come are passed over. The reason stands in the schedule, with who has given it.",
    names: { id: ID },
    body: WITH_REASON,
    answers: ACCEPTED,
    errors: GONE,
  },
  resumeSchedule: {
    ...OF_ONE,
    summary: "Resume a schedule",
    names: { id: ID, ...TO_LOG },
    body: WITH_REASON,
    answers: ACCEPTED,
    errors: GONE,
  },
  backfillSchedule: {
    ...OF_ONE,
    summary: "Start what was not started in the past",
    description: "For each time from then to then for which no instance was started, at most 1,000.",
    names: { id: ID, ...TO_LOG },
    body: { is: "ScheduleBackfill", when: "From when to when.", isRequired: true },
    answers: {
      200: { when: "With `dryRun`: which times they are.", schema: "ScheduleBackfilled" },
      202: { when: "They are on disk.", schema: "ScheduleBackfilled" },
    },
    errors: GONE,
  },
  previewSchedule: {
    tag: "Schedules",
    checks: "catalog",
    summary: "See the next times of a schedule",
    names: { id: ID },
    answers: { 200: { when: "The times.", schema: "SchedulePreview" } },
    errors: GONE,
  },
  previewNewSchedule: {
    ...OF_ONE,
    summary: "See the next times of a schedule that is not stored",
    description: "What the body says; where there is a schedule of this ID, as it were with these changes.",
    names: { id: "An ID, of a schedule or of none." },
    body: { is: "PreviewedSchedule", when: "The schedule, or changes." },
    answers: { 200: { when: "The times.", schema: "SchedulePreview" } },
    errors: GONE,
  },
} satisfies Partial<Docs>;
