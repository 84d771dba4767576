/** What islands know of the marketplace, as a block of data in the page (src/http/islands/lib/facts.ts reads it). */
import type { HttpPorts } from '../ports.ts';

/** JSON that may stand inside of a `<script>`: no `<` of it is written as such. */
export function factsJson(
  ports: Pick<
    HttpPorts,
    'publicUrl' | 'relays' | 'kinds' | 'marketplacePubkey' | 'agents' | 'developmentMoney'
  >,
): string {
  const facts = {
    url: ports.publicUrl,
    relays: ports.relays,
    marketplace: ports.marketplacePubkey,
    kinds: ports.kinds,
    agents: ports.agents.map(({ slug, name, pubkey, jobKinds, runtime }) => ({
      ...{ slug, name, pubkey, kinds: jobKinds },
      team: runtime === 'team',
    })),
    developmentMoney: ports.developmentMoney,
  };
  return dataText(facts);
}

/** A value as JSON for a data block of a page. */
export function dataText(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}
