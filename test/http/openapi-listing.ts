/** Requests that lead to every documented answer about listings, and the listings they are about. */
import { createHash } from 'node:crypto';
import { LISTINGS_PER_OWNER } from '../../src/limits.ts';
import type { Db } from '../../src/store/db.ts';
import { changeListing, insertListing } from '../../src/store/listings.ts';
import { person } from '../support/events.ts';
import { NOW_MS, OPERATOR } from '../support/http.ts';
import { httpToken } from '../support/http-token.ts';
import { listingDouble } from '../support/listing-double.ts';
import { hexOf } from '../support/records.ts';

const URL_BASE = 'https://market.example';

/** A description that may be listed. */
export function remoteSpec(slug: string) {
  return {
    slug,
    name: 'Mine',
    description: 'Says what it is asked to say.',
    runtime: 'remote',
    remote: { protocol: 'openai', base_url: 'https://endpoint.example.com/v1', model: 'm' },
    example: 'hello',
  };
}

/** @param crowded whether `collector` has listed all that one may. `mine`, `down` and `sick` are the client's; `offered` is somebody's, for the client. */
export async function seedListings(db: Db, crowded: boolean): Promise<void> {
  const client = person('client').publicKey;
  const { desk, changes } = listingDouble(db);
  for (const slug of ['mine', 'down', 'sick', 'unpaid']) await desk.list(client, remoteSpec(slug));
  await changes.takeDown('down', 'spam');
  const other = person('other').publicKey;
  await desk.list(other, remoteSpec('offered'));
  await changes.offer('offered', other, client);
  const sick = await desk.find('sick');
  await changeListing(db, sick.id, { state: 'paused', pausedBy: 'failures' }, ['live'], NOW_MS);
  const unpaid = await desk.find('unpaid');
  await changeListing(db, unpaid.id, { state: 'paused', pausedBy: 'fee' }, ['live'], NOW_MS);
  if (!crowded) return;
  const { changed: _, ...row } = sick;
  const collector = person('collector').publicKey;
  for (let n = 0; n < LISTINGS_PER_OWNER; n++) {
    const name = `collected-${String.fromCharCode(97 + n)}`;
    const own = { id: name, slug: name, skeleton: name, pubkey: hexOf(200 + n), owner: collector };
    await insertListing(db, { ...row, ...own }, { author: collector, note: 'listed' });
  }
}

type Asked = readonly [path: string, request: string, init?: RequestInit, spent?: true];

function by(name: string, method: string, path: string, value?: object): RequestInit {
  const body = value === undefined ? '' : JSON.stringify(value);
  const tags = [
    ['u', `${URL_BASE}${path}`],
    ['method', method],
    ...(body === '' ? [] : [['payload', createHash('sha256').update(body).digest('hex')]]),
  ];
  const authorization = httpToken(name, `${URL_BASE}${path}`, method, NOW_MS, { tags });
  return { method, headers: { authorization }, ...(body === '' ? {} : { body }) };
}

/** An operation on one listing in all the ways it can be answered. */
function answers(
  method: string,
  template: string,
  good: object | undefined,
  options: { readonly bad?: object; readonly slug?: string; readonly owner?: string } = {},
): Asked[] {
  const { slug = 'mine', owner = 'client', bad } = options;
  const path = template.replace('{slug}', slug);
  const missing = template.replace('{slug}', 'nobody');
  const asked: Asked[] = [
    [template, path, by(owner, method, path, good)],
    [template, path, by('stranger', method, path, good)],
    [template, missing, by(owner, method, missing, good)],
    [template, path, { method }],
  ];
  if (bad !== undefined) asked.push([template, path, by(owner, method, path, bad)]);
  if (method === 'GET') return asked;
  asked.push([template, path, { method, body: new Uint8Array(200_000) }]);
  if (owner === 'client') asked.push([template, path, by(owner, method, path, good), true]);
  return asked;
}

const RESUME = '/agents/sick/resume';
const RESUME_UNPAID = '/agents/unpaid/resume';

export const LISTING_REQUESTS: readonly Asked[] = [
  ['/agents', '/agents', by('client', 'POST', '/agents', { ...remoteSpec('fresh'), secret: 'sk-1' })],
  ['/agents', '/agents', by('client', 'POST', '/agents', { ...remoteSpec('fresh'), name: '' })],
  [
    '/agents',
    '/agents',
    by('client', 'POST', '/agents', { ...remoteSpec('fresh'), runtime: 'team', team: {}, remote: undefined }),
  ],
  ['/agents', '/agents', by('collector', 'POST', '/agents', remoteSpec('one-more'))],
  ['/agents', '/agents', { method: 'POST' }],
  ['/agents', '/agents', { method: 'POST', body: new Uint8Array(200_000) }],
  ...answers('PATCH', '/agents/{slug}', { name: 'Other' }, { bad: { name: 1 } }),
  ...answers('DELETE', '/agents/{slug}', undefined),
  ...answers('GET', '/agents/{slug}/listing', undefined),
  ...answers('GET', '/agents/{slug}/versions', undefined),
  ...answers('POST', '/agents/{slug}/rollback', { version: 1 }, { bad: { version: 'x' } }),
  ...answers('POST', '/agents/{slug}/pause', { reason: 'holidays' }, { bad: { reason: '' } }),
  ...answers('POST', '/agents/{slug}/resume', undefined),
  ['/agents/{slug}/resume', RESUME, by('client', 'POST', RESUME)],
  ['/agents/{slug}/resume', RESUME_UNPAID, by('client', 'POST', RESUME_UNPAID)],
  ...answers('POST', '/agents/{slug}/transfer', { to: person('other').publicKey }, { bad: { to: 'x' } }),
  ...answers('DELETE', '/agents/{slug}/transfer', undefined),
  ...answers('POST', '/agents/{slug}/transfer/accept', {}, { bad: { lud16: 'x' }, slug: 'offered' }),
  ['/account/agents', '/account/agents', by('client', 'GET', '/account/agents')],
  ['/account/agents', '/account/agents'],
  ['/operator/agents', '/operator/agents', by(OPERATOR, 'GET', '/operator/agents')],
  ['/operator/agents', '/operator/agents', by('client', 'GET', '/operator/agents')],
  ['/operator/agents', '/operator/agents'],
  ['/operator/agents', '/operator/agents?limit=x', by(OPERATOR, 'GET', '/operator/agents?limit=x')],
  ...answers(
    'PATCH',
    '/operator/agents/{slug}',
    { state: 'taken_down', reason: 'spam' },
    { bad: {}, owner: OPERATOR },
  ),
];
