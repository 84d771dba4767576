/** `npm run errand -- <command>`, and `npx errand <command>` in a clone: the command line (cli/). */
import { runAndEnd } from '../cli/end.ts';

await runAndEnd(process.argv.slice(2));
