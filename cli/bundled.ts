/** What the bundle runs. */
import { runAndEnd } from './end.ts';

await runAndEnd(process.argv.slice(2));
