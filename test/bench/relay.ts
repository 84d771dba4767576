/** The outside relay of the bench, in a process of its own. Sends its URL to its parent. */
import { startOutsideRelay } from '../support/outside-relay.ts';

const relay = await startOutsideRelay();
process.on('disconnect', () => process.exit(0));
process.send?.(relay.url);
