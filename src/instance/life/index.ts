/*
 * Life: an instance from its start to its end or its purge, turn by turn, and what is asked of it meanwhile. Whoever is outside
 * enters here.
 */
export { Beginnings } from "./beginnings.ts";
export { CatalogAnswers } from "./catalog-answers.ts";
export { Deliveries } from "./deliveries.ts";
export { FactQueue } from "./fact-queue.ts";
export { Gate } from "./gate.ts";
export { Grants } from "./grants.ts";
export { Lives } from "./lives.ts";
export { Purges } from "./purges.ts";
export { type Query, Questions } from "./questions.ts";
export { Reception } from "./reception.ts";
export { Repairs } from "./repairs.ts";
export { Views } from "./views.ts";
