/** The part of the configuration that says what tools of agents stand on: search engines and tool servers. */
import * as z from 'zod';

/** A search engine the operator has, with what it needs. */
export type SearchEngine =
  | { readonly name: 'searxng'; readonly url: string }
  /** The key is a secret: it goes to Brave and nowhere else. */
  | { readonly name: 'brave'; readonly apiKey: string };

/** An MCP server the operator lists. */
export interface ToolServer {
  /** Prefix of its tools' names. */
  readonly name: string;
  readonly url: string;
  /** Credentials: they go to the origin of `url` and nowhere else. */
  readonly headers: Readonly<Record<string, string>>;
  /** Which of its tools agents may have, by the server's own names; null for all. */
  readonly tools: readonly string[] | null;
}

export interface ToolConfig {
  /** In the order they are asked. */
  readonly search: readonly SearchEngine[];
  /** What each engine may be asked; absent: no limit. */
  readonly searchLimits: { readonly requestsPerMinute?: number; readonly requestsPerDay?: number };
  readonly servers: readonly ToolServer[];
}

/** First words of the names of our own tools. No server is called by one, so a name is always of one or the other. */
export const OWN_TOOL_WORDS: readonly string[] = [
  'web',
  'visit',
  'paper',
  'nostr',
  'load',
  'ask',
  'hire',
  'run',
  'final',
];

const ENGINES = ['searxng', 'brave'] as const;
const MAX_SERVERS = 16;

const text = z.string().trim();
const count = z.coerce.number('must be a number').int('must be a whole number').min(1, 'must be at least 1');
const httpUrl = text.refine((v) => {
  if (!URL.canParse(v)) return false;
  const { protocol, username, password } = new URL(v);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}, 'must be an http(s) URL without credentials');

const server = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9]{0,23}$/),
  url: httpUrl,
  headers: z.record(z.string().regex(/^[\w-]+$/), z.string().regex(/^[\t\x20-\x7e]*$/)).default({}),
  tools: z.array(z.string().min(1)).nullable().default(null),
});

/** The variables, for the one schema of the environment (config.ts). */
export const TOOL_VARIABLES = {
  SEARXNG_URL: httpUrl.transform((v) => v.replace(/\/+$/, '')).optional(),
  BRAVE_API_KEY: text.regex(/^[\x21-\x7e]+$/, 'must be one line of plain characters').optional(),
  SEARCH_ORDER: text
    .transform((v) => v.split(',').map((item) => item.trim()))
    .pipe(z.array(z.enum(ENGINES, 'must be a comma-separated list of searxng and brave'), 'must be a list'))
    .default([...ENGINES]),
  SEARCH_PER_MINUTE: count.optional(),
  SEARCH_PER_DAY: count.optional(),
  MCP_SERVERS: text.transform(parseServers).default([]),
};

/** Errors name the place and never what stands there: headers are secrets. */
function parseServers(value: string, context: z.RefinementCtx): readonly ToolServer[] {
  const refuse = (what: string) => {
    context.addIssue(`must be a JSON list of {name, url, headers?, tools?}: ${what}`);
    return z.NEVER;
  };
  let json: unknown;
  try {
    json = JSON.parse(value);
  } catch {
    return refuse('it is no JSON');
  }
  const parsed = z.array(server).max(MAX_SERVERS).safeParse(json);
  if (!parsed.success) {
    const path = parsed.error.issues[0]?.path.map(String).slice(0, 2).join('.') ?? '';
    return refuse(`${path === '' ? 'the list' : path} is wrong`);
  }
  const names = parsed.data.map(({ name }) => name);
  if (new Set(names).size < names.length) return refuse('two servers have one name');
  if (names.some((name) => OWN_TOOL_WORDS.includes(name))) {
    return refuse(`a server cannot be called ${OWN_TOOL_WORDS.join(', ')}`);
  }
  return parsed.data;
}

const shape = z.object(TOOL_VARIABLES);

export function toolConfigOf(env: z.output<typeof shape>): ToolConfig {
  const order = [...new Set(env.SEARCH_ORDER)];
  return {
    search: order.flatMap((name): SearchEngine[] => {
      if (name === 'searxng') return env.SEARXNG_URL === undefined ? [] : [{ name, url: env.SEARXNG_URL }];
      return env.BRAVE_API_KEY === undefined ? [] : [{ name, apiKey: env.BRAVE_API_KEY }];
    }),
    searchLimits: {
      ...(env.SEARCH_PER_MINUTE === undefined ? {} : { requestsPerMinute: env.SEARCH_PER_MINUTE }),
      ...(env.SEARCH_PER_DAY === undefined ? {} : { requestsPerDay: env.SEARCH_PER_DAY }),
    },
    servers: env.MCP_SERVERS,
  };
}

/** A variable whose URL cannot be called from a deployment: the guarded door opens to https only. Null where none is. */
export function plainHttpIn({ search, servers }: ToolConfig): string | null {
  const isPlain = (url: string) => new URL(url).protocol === 'http:';
  if (search.some((engine) => engine.name === 'searxng' && isPlain(engine.url))) return 'SEARXNG_URL';
  return servers.some(({ url }) => isPlain(url)) ? 'MCP_SERVERS' : null;
}
