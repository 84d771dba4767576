/** The relay of this page: one connection for everything in it. */
import { webPorts } from '../../../client/ports.ts';
import { ClientRelays } from '../../../client/relays.ts';
import { pageFacts, relayOf } from './facts.ts';

export const ports = webPorts();

let relays: ClientRelays | undefined;

/** The marketplace's own relay, where requests go in and every answer comes out. */
export function ownRelay(): ClientRelays {
  relays ??= new ClientRelays([relayOf(pageFacts().url)], ports);
  return relays;
}
