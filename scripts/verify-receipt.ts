/** `npm run verify-receipt -- …`: `errand receipt verify`. */
import { runAndEnd } from '../cli/end.ts';

await runAndEnd(['receipt', 'verify', ...process.argv.slice(2)]);
