/** Which names a listed agent may have: none of ours, none that is a word of our URLs, none that looks like another. */

/** Words of URLs and of mail, and names that would speak for the marketplace. */
const RESERVED = new Set([
  ...[
    'a2a',
    'about',
    'account',
    'accounts',
    'admin',
    'agent',
    'agents',
    'api',
    'app',
    'arena',
    'assets',
    'auth',
  ],
  ...[
    'bot',
    'bots',
    'blog',
    'card',
    'cards',
    'cli',
    'client',
    'credit',
    'desk',
    'docs',
    'doctor',
    'download',
  ],
  ...[
    'edit',
    'errand',
    'escrow',
    'events',
    'favicon',
    'fee',
    'feed',
    'health',
    'help',
    'home',
    'hire',
    'invoice',
  ],
  ...[
    'island',
    'islands',
    'job',
    'jobs',
    'key',
    'keys',
    'ledger',
    'legal',
    'list',
    'listing',
    'llms',
    'lnurl',
  ],
  ...[
    'lnurlp',
    'login',
    'logout',
    'mail',
    'market',
    'marketplace',
    'mcp',
    'me',
    'metrics',
    'new',
    'news',
    'nip05',
  ],
  ...[
    'nostr',
    'null',
    'oauth',
    'official',
    'open',
    'openapi',
    'operator',
    'owner',
    'owners',
    'pay',
    'payment',
  ],
  ...[
    'payout',
    'postmaster',
    'post',
    'privacy',
    'purse',
    'purses',
    'quote',
    'quotes',
    'public',
    'relay',
    'relays',
    'report',
    'review',
    'reviews',
  ],
  ...[
    'robots',
    'root',
    'run',
    'runs',
    'sandbox',
    'search',
    'security',
    'settings',
    'share',
    'skill',
    'static',
  ],
  ...[
    'status',
    'support',
    'system',
    'team',
    'teams',
    'terms',
    'test',
    'undefined',
    'user',
    'users',
    'v1',
    'v2',
  ],
  ...['wallet', 'webhook', 'webmaster', 'well-known', 'www', 'zap', 'zaps'],
]);

/** Shorter names are too few to be given away, characters. */
const LEAST_CHARS = 3;

/** What two characters in a slug look like, each as the simpler one. In order: pairs come before what they hold. */
const LOOKS: readonly (readonly [RegExp, string])[] = [
  [/-/g, ''],
  [/rn/g, 'm'],
  [/vv/g, 'w'],
  [/cl/g, 'd'],
  [/0/g, 'o'],
  [/[1il]/g, 'l'],
  [/3/g, 'e'],
  [/5/g, 's'],
  [/8/g, 'b'],
  [/9/g, 'g'],
  [/2/g, 'z'],
];

/** A slug as it looks: two with the same skeleton can be taken for each other. */
export function skeletonOf(slug: string): string {
  return LOOKS.reduce((text, [look, simple]) => text.replace(look, simple), slug);
}

/**
 * Why nobody may list an agent under this name; null where one may. Whether another listing has it, or looks like it, is
 * for the database to say.
 *
 * @param ours slugs of the agents of this deployment
 */
export function slugProblem(slug: string, ours: readonly string[]): string | null {
  if (slug.length < LEAST_CHARS) return `must have at least ${LEAST_CHARS} characters`;
  if (RESERVED.has(slug)) return 'is kept for the marketplace';
  if (ours.includes(slug)) return 'is taken';
  const looks = skeletonOf(slug);
  if (looks === '') return 'has no letter';
  if ([...RESERVED, ...ours].some((word) => skeletonOf(word) === looks))
    return 'looks like a name that is kept';
  return null;
}
