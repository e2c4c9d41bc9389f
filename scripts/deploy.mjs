// npm run deploy [-- any flag of `wrangler deploy`]

import "./node-version.mjs";
import { runWrangler } from "./wrangler.mjs";

console.log(`Until the secret DAPR_API_TOKEN is set, the deployment answers 401 to everything but health probes. Set it once with
  npx wrangler secret put DAPR_API_TOKEN
and send it as the header dapr-api-token.
`);
process.exit((await runWrangler(["deploy", ...process.argv.slice(2)])).code);
