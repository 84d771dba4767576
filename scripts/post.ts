/** `npm run post -- …`: `errand post`, by the name the README begins with. */
import { runAndEnd } from '../cli/end.ts';

await runAndEnd(['post', ...process.argv.slice(2)]);
