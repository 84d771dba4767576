/** `errand agent`: listing an agent of your own. By HTTP, signed by its owner (NIP-98). */
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { HttpProblem } from '../../src/client/http.ts';
import type { Json } from '../../src/errors.ts';
import { jsonOrText } from '../../src/protocol/coerce.ts';
import { Ended, EXIT, UsageError } from '../exit.ts';
import type { Flags } from '../flags.ts';
import { KEY_FLAGS, OUTPUT_FLAGS, PLACE_FLAGS, readJson } from '../settings.ts';
import type { CommandSpec } from '../spec.ts';
import type { World } from '../world.ts';

const FLAGS = { ...KEY_FLAGS, ...PLACE_FLAGS, ...OUTPUT_FLAGS };
const SET_FLAGS = {
  set: {
    value: 'PATH=VALUE',
    multiple: true,
    about:
      'a member of the description, with dots for what lies inside; JSON, or else text; null takes it away',
  },
  'secret-file': {
    value: 'FILE',
    about: 'the key of its endpoint, or the secret of its webhook; sealed there and never shown again',
    file: true,
  },
} as const;

const listing = z.looseObject({
  slug: z.string(),
  url: z.string(),
  npub: z.string(),
  state: z.string(),
  reason: z.string().nullable(),
  version: z.number(),
  spec: z.json().optional(),
});
const versions = z.looseObject({
  versions: z.array(z.looseObject({ version: z.number(), at_ms: z.number(), note: z.string() })),
});
const listings = z.looseObject({ listings: z.array(listing) });

export const agentAdd: CommandSpec = {
  name: 'agent add',
  summary: 'lists an agent of yours',
  usage: '[FILE | -]',
  arguments: [0, 1],
  about: `Lists an agent: its description is a JSON file (- for standard input), or made of --set alone, or both. It is yours by the key that signs, and earns what its description says, less the fee. docs/listing-an-agent.md tells of it, and NewListing in /openapi.json has every member; what is wrong is told with its path, and nothing is listed then.`,
  flags: { ...SET_FLAGS, ...FLAGS },
  examples: [
    ['errand agent add poet.json --secret-file endpoint.key', 'an OpenAI-compatible endpoint of yours'],
    ['errand agent add poet.json --set slug=poet2', 'the same description under another name'],
  ],
  async run({ flags, args: [file], world }) {
    const body = changed(file === undefined ? {} : await description(file, world), flags);
    if (Object.keys(body).length === 0)
      throw new UsageError('what agent? errand agent add FILE, or --set slug=… --set name=…');
    return await call(world, 'POST', '/agents', body);
  },
};

export const agentEdit: CommandSpec = {
  name: 'agent edit',
  summary: 'changes an agent of yours',
  usage: 'SLUG [FILE | -]',
  arguments: [1, 2],
  about: `Changes the description: the file and --set are a merge patch (RFC 7396), so what is not named stays. Every edit is a version that can be gone back to: errand agent show SLUG --versions, errand agent edit SLUG --rollback N.`,
  flags: { ...SET_FLAGS, rollback: { value: 'N', about: 'back to this version' }, ...FLAGS },
  examples: [['errand agent edit poet --set description="Shorter poems"', 'other words']],
  async run({ flags, args: [slug = '', file], world }) {
    const version = flags.whole('rollback');
    const body = changed(file === undefined ? {} : await description(file, world), flags);
    if (version !== undefined) {
      if (Object.keys(body).length > 0) throw new UsageError('either --rollback or changes, not both');
      return await call(world, 'POST', `${pathOf(slug)}/rollback`, { version });
    }
    if (Object.keys(body).length === 0)
      throw new UsageError('what is to be changed? --set PATH=VALUE, or a FILE');
    return await call(world, 'PATCH', pathOf(slug), body);
  },
};

export const agentPause: CommandSpec = {
  name: 'agent pause',
  summary: 'takes no more jobs for an agent of yours, or takes them again',
  usage: 'SLUG',
  arguments: [1, 1],
  about:
    'Pauses the agent: jobs under way finish, new ones are refused with the reason. --resume goes on, --delete takes it off the market for good.',
  flags: {
    reason: { value: 'TEXT', about: 'why, for whoever asks' },
    resume: { about: 'take jobs again' },
    delete: { about: 'take it off the market for good' },
    ...FLAGS,
  },
  examples: [
    ['errand agent pause poet --reason "on holiday"', 'for a while'],
    ['errand agent pause poet --resume', 'back again'],
  ],
  async run({ flags, args: [slug = ''], world }) {
    if (flags.on('resume') && flags.on('delete')) throw new UsageError('either --resume or --delete');
    if (flags.on('delete')) return await call(world, 'DELETE', pathOf(slug));
    if (flags.on('resume')) return await call(world, 'POST', `${pathOf(slug)}/resume`, {});
    const reason = flags.text('reason');
    return await call(world, 'POST', `${pathOf(slug)}/pause`, reason === undefined ? {} : { reason });
  },
};

export const agentTransfer: CommandSpec = {
  name: 'agent transfer',
  summary: 'gives an agent of yours to somebody else, or takes one',
  usage: 'SLUG',
  arguments: [1, 1],
  about:
    'Offers the agent to another key, which then owns it when it accepts; until then it is yours, and --withdraw takes the offer back.',
  flags: {
    to: { value: 'KEY', about: 'whom it is offered to, npub or hex' },
    accept: { about: 'take what was offered to your key' },
    lud16: { value: 'NAME@DOMAIN', about: 'with --accept: where you are paid; needed with a price' },
    withdraw: { about: 'take the offer back' },
    ...FLAGS,
  },
  examples: [
    ['errand agent transfer poet --to npub1…', 'offer it'],
    ['errand agent transfer poet --accept --lud16 ann@wallet.example', 'and take it'],
  ],
  async run({ flags, args: [slug = ''], world }) {
    const to = flags.text('to');
    const lud16 = flags.text('lud16');
    if ([to !== undefined, flags.on('accept'), flags.on('withdraw')].filter(Boolean).length !== 1)
      throw new UsageError('one of --to KEY, --accept and --withdraw');
    const path = `${pathOf(slug)}/transfer`;
    if (flags.on('withdraw')) return await call(world, 'DELETE', path);
    if (to !== undefined) return await call(world, 'POST', path, { to });
    return await call(world, 'POST', `${path}/accept`, lud16 === undefined ? {} : { lud16 });
  },
};

export const agentShow: CommandSpec = {
  name: 'agent show',
  summary: 'shows the agents you have listed',
  usage: '[SLUG]',
  arguments: [0, 1],
  about:
    'Shows what you have listed, or one of it with its description, its state and, when it is not live, why.',
  flags: { versions: { about: 'its versions, newest first' }, ...FLAGS },
  examples: [
    ['errand agent show', 'all of mine'],
    ['errand agent show poet', 'how is it?'],
  ],
  async run({ flags, args: [slug], world }) {
    const signer = await world.signer();
    if (slug === undefined) {
      if (flags.on('versions')) throw new UsageError('of which agent? errand agent show SLUG --versions');
      const { listings: mine } = await world.http().ask(listings, '/account/agents', { signer });
      for (const one of mine) told(world, one, false);
      if (mine.length === 0) world.screen.note('you have listed no agent here: errand agent add');
      return EXIT.done;
    }
    if (!flags.on('versions')) return await call(world, 'GET', `${pathOf(slug)}/listing`);
    const { versions: kept } = await world.http().ask(versions, `${pathOf(slug)}/versions`, { signer });
    for (const one of kept) world.screen.line({ type: 'version', slug, ...one });
    world.screen.table(
      kept.map(({ version, at_ms, note }) => [String(version), new Date(at_ms).toISOString(), note]),
    );
    return EXIT.done;
  },
};

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

async function call(world: World, method: Method, path: string, body?: Json): Promise<number> {
  const signer = await world.signer();
  try {
    const answer = await world
      .http()
      .ask(listing, path, { method, signer, ...(body === undefined ? {} : { body }) });
    told(world, answer, method === 'GET');
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof HttpProblem) || error.problem === null) throw error;
    // The place that is wrong stands beside the words.
    const details = error.details === null ? '' : `\n${JSON.stringify(error.details)}`;
    throw new Ended(EXIT.failed, `${error.message}${details}`);
  }
}

function told(world: World, one: z.output<typeof listing>, whole: boolean): void {
  world.screen.line({ type: 'listing', ...one });
  const why = one.reason === null ? '' : `: ${one.reason}`;
  world.screen.result(`${one.slug}  ${one.state}${why}, version ${one.version}`);
  if (!whole) return;
  world.screen.result(`${one.npub}\n${one.url}`);
  if (one.spec !== undefined) world.screen.result(JSON.stringify(one.spec, null, 2));
}

function pathOf(slug: string): string {
  if (!/^[a-z0-9-]{1,64}$/.test(slug))
    throw new UsageError(`${slug} is no name of an agent: small letters, digits and hyphens`);
  return `/agents/${slug}`;
}

const jsonObject = z.record(z.string(), z.json());

async function description(file: string, world: World): Promise<{ [name: string]: Json }> {
  const read = jsonObject.safeParse(file === '-' ? jsonOrText(await world.input()) : readJson(file));
  if (read.success) return { ...read.data };
  throw new UsageError(`${file}: the description of an agent is a JSON object`);
}

/** A description with `--set a.b=1` in it, and the secret. @throws UsageError */
function changed(made: { [name: string]: Json }, flags: Flags): { [name: string]: Json } {
  for (const change of flags.texts('set')) {
    const [, path, value = ''] = /^([^=]+)=(.*)$/s.exec(change) ?? [];
    if (path === undefined) throw new UsageError(`--set must be PATH=VALUE, not ${change}`);
    put(made, path.split('.'), jsonOrText(value));
  }
  const file = flags.text('secret-file');
  return file === undefined ? made : { ...made, secret: secretIn(file) };
}

function put(into: { [name: string]: Json }, [name = '', ...rest]: readonly string[], value: Json): void {
  if (name === '__proto__') throw new UsageError('--set: there is no such member');
  if (rest.length === 0) {
    into[name] = value;
    return;
  }
  const inner = jsonObject.safeParse(into[name]);
  const object = inner.success ? { ...inner.data } : {};
  put(object, rest, value);
  into[name] = object;
}

function secretIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new UsageError(`--secret-file ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
