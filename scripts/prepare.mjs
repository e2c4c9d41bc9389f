// npm runs this at the end of `npm ci`, and before it packs. Where only the run-time dependencies are installed there is nothing to build with, and
// nothing that needs it.

import { buildDashboard, canBuildDashboard } from "./dashboard.mjs";

if (canBuildDashboard()) await buildDashboard();
