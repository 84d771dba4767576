/** New jobs and what becomes of them, from the embedded relay, each event verified here before a word of it is shown. */

import { webPorts } from '../../../client/ports.ts';
import { ClientRelays } from '../../../client/relays.ts';
import { tagValue, type VerifiedEvent } from '../../../nostr/event.ts';
import { isJobRequestKind, JOB_RESULT_OFFSET, KIND } from '../../../nostr/kinds.ts';
import { isoText, shortId } from '../../pages/format.ts';
import { pageFacts, relayOf } from './facts.ts';

/** Lines that stay. */
const MOST = 12;

/** Follows the relay for as long as the page is open. @param list the server's own lines, which stay */
export function followNews(list: HTMLElement): void {
  const { agents, kinds, url } = pageFacts();
  const nameOf = new Map(agents.map(({ pubkey, slug }) => [pubkey, slug]));
  const requests = [kinds.task, ...new Set(agents.flatMap((agent) => agent.kinds.filter(isJobRequestKind)))];
  const results = requests.filter(isJobRequestKind).map((kind) => kind + JOB_RESULT_OFFSET);
  const since = Math.floor(Date.now() / 1_000);
  const relays = new ClientRelays([relayOf(url)], webPorts());
  relays.subscribe([{ kinds: [...requests, ...results, KIND.jobFeedback], since }], {
    event: (event) => show(list, event, nameOf),
  });
}

function show(list: HTMLElement, event: VerifiedEvent, nameOf: ReadonlyMap<string, string>): void {
  const agent = nameOf.get(event.pubkey);
  if (agent !== undefined) {
    const job = tagValue(event, 'e');
    const line = job === undefined ? null : list.querySelector(`[data-job="${CSS.escape(job)}"]`);
    const badge = line?.querySelector('.badge');
    if (badge) say(badge, event);
    return;
  }
  const asked = tagValue(event, 'p');
  const slug = asked === undefined ? undefined : nameOf.get(asked);
  const isAnswer = event.tags.some(([name]) => name === 'result' || name === 'error');
  if (isAnswer || (asked !== undefined && slug === undefined)) return;
  if (list.querySelector(`[data-job="${CSS.escape(event.id)}"]`) !== null) return;
  list.querySelector('.empty')?.remove();
  list.prepend(line(event, slug));
  while (list.children.length > MOST) list.lastElementChild?.remove();
}

function line(event: VerifiedEvent, slug: string | undefined): HTMLElement {
  const item = element('li', 'fresh');
  item.dataset.job = event.id;
  const link = element('a');
  link.href = `/jobs/${event.id}`;
  const id = element('code');
  id.textContent = shortId(event.id);
  link.append(id);
  item.append(link, slug === undefined ? ' for anybody' : ' for ');
  if (slug !== undefined) {
    const agent = element('a');
    agent.href = `/agents/${slug}`;
    agent.textContent = slug;
    item.append(agent);
  }
  const row = element('span', 'row small');
  const badge = element('span', 'badge accent');
  badge.textContent = 'asked';
  const when = element('time', 'soft');
  when.dateTime = isoText(event.created_at * 1_000);
  when.dataset.ago = '';
  when.textContent = 'just now';
  const proof = element('span', 'soft');
  proof.textContent = 'signature checked';
  row.append(badge, when, proof);
  item.append(row);
  return item;
}

/** What an agent's event says of its job. A payment that is asked for is an error in the agent NIP, and no failure. */
function say(badge: Element, event: VerifiedEvent): void {
  const status = tagValue(event, 'status');
  const error = tagValue(event, 'error');
  const [text, look] =
    status === 'payment-required' || error?.includes('PAYMENT_REQUIRED')
      ? ['waits to be paid', 'warn']
      : status === 'error' || (error !== undefined && status === undefined)
        ? ['failed', 'bad']
        : status === undefined || status === 'success'
          ? ['delivered', 'good']
          : ['being done', 'accent'];
  // Events come in any order; what has ended does not go on.
  if (badge.matches('.good, .bad')) return;
  badge.className = `badge ${look}`;
  badge.textContent = text;
}

function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  look = '',
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (look !== '') made.className = look;
  return made;
}
