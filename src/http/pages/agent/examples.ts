/**
 * An example request to an agent in five forms. Each works as it stands against this deployment: it makes its own key where it
 * needs one, says what there is to pay, and prints the result. The text is the agent's own example.
 */
import type { Json } from '../../../errors.ts';
import type { AgentView } from '../../views.ts';

export interface Example {
  readonly id: 'nostr-tools' | 'ndk' | 'curl' | 'openai' | 'mcp';
  readonly title: string;
  /** What there has to be before it runs. */
  readonly before: string;
  readonly code: string;
}

/** What the examples are made of. */
export interface ExampleFacts {
  readonly agent: Pick<AgentView, 'slug' | 'pubkey'>;
  readonly publicUrl: string;
  /** The embedded relay. */
  readonly relay: string;
  /** Kind of a task (agent NIP). */
  readonly taskKind: number;
  /** The agent's own: `messages`, `parameters`. */
  readonly request: { readonly [key: string]: Json };
}

/** Of the forms that go over HTTP. */
const KEY = 'Free agents need no key; for others put an API key of yours into ERRAND_KEY';

/** All five, in the order in which most people know them. */
export function examplesOf(facts: ExampleFacts): readonly Example[] {
  return [nostrTools(facts), ndk(facts), curl(facts), openai(facts), mcp(facts)];
}

/** The first message of the example as text. */
function textOf({ request }: ExampleFacts): string {
  const { messages } = request;
  const [first] = Array.isArray(messages) ? messages : [];
  const content =
    typeof first === 'object' && first !== null && 'content' in first ? first.content : undefined;
  return typeof content === 'string' ? content : '';
}

function nostrTools({ agent, relay, taskKind, request }: ExampleFacts): Example {
  return {
    id: 'nostr-tools',
    title: 'nostr-tools',
    before: 'npm install nostr-tools, Node 22 or later; save as ask.mjs, run node ask.mjs',
    code: `import { finalizeEvent, generateSecretKey } from 'nostr-tools/pure';
import { Relay } from 'nostr-tools/relay';

const relay = await Relay.connect(${quoted(relay)});
const job = finalizeEvent(
  {
    kind: ${taskKind},
    created_at: Math.floor(Date.now() / 1000),
    tags: [
      ['p', ${quoted(agent.pubkey)}],
      ['request', JSON.stringify(${indented(request, 6)})],
    ],
    content: '',
  },
  generateSecretKey(),
);
relay.subscribe([{ kinds: [7000, ${taskKind}], '#e': [job.id], authors: [${quoted(agent.pubkey)}] }], {
  onevent(event) {
    const tag = (name) => event.tags.find(([key]) => key === name)?.slice(1);
    if (tag('bolt11')) console.log('To pay:', tag('bolt11')[0]);
    if (tag('status')) console.log(tag('status').join(' '));
    const error = tag('error') && JSON.parse(tag('error')[0]);
    if (tag('result')) console.log(event.content);
    else if (error && error.code !== 'PAYMENT_REQUIRED') console.log(error.code, error.message);
    else return;
    relay.close();
  },
});
await relay.publish(job);
`,
  };
}

function ndk({ agent, relay, taskKind, request }: ExampleFacts): Example {
  return {
    id: 'ndk',
    title: 'NDK',
    before: 'npm install @nostr-dev-kit/ndk, Node 22 or later; save as ask.mjs, run node ask.mjs',
    code: `import NDK, { NDKEvent, NDKPrivateKeySigner } from '@nostr-dev-kit/ndk';

const ndk = new NDK({
  explicitRelayUrls: [${quoted(relay)}],
  signer: NDKPrivateKeySigner.generate(),
});
await ndk.connect();
const job = new NDKEvent(ndk, {
  kind: ${taskKind},
  tags: [
    ['p', ${quoted(agent.pubkey)}],
    ['request', JSON.stringify(${indented(request, 4)})],
  ],
  content: '',
});
await job.sign();
const answers = ndk.subscribe(
  { kinds: [7000, ${taskKind}], '#e': [job.id], authors: [${quoted(agent.pubkey)}] },
  { closeOnEose: false },
);
answers.on('event', (event) => {
  if (event.tagValue('bolt11')) console.log('To pay:', event.tagValue('bolt11'));
  if (event.tagValue('status')) console.log(event.tagValue('status'));
  const error = JSON.parse(event.tagValue('error') ?? 'null');
  if (event.tagValue('result')) console.log(event.content);
  else if (error && error.code !== 'PAYMENT_REQUIRED') console.log(error.code, error.message);
  else return;
  process.exit();
});
await job.publish();
`,
  };
}

function chatBody(facts: ExampleFacts): string {
  const messages = [{ role: 'user', content: textOf(facts) }];
  return JSON.stringify({ model: facts.agent.slug, messages });
}

function curl(facts: ExampleFacts): Example {
  return {
    id: 'curl',
    title: 'curl',
    before: KEY,
    code: `curl -sS ${facts.publicUrl}/v1/chat/completions \\
  -H "Authorization: Bearer \${ERRAND_KEY:-guest}" \\
  -H 'Content-Type: application/json' \\
  -d ${shellQuoted(chatBody(facts))}
`,
  };
}

function openai(facts: ExampleFacts): Example {
  const { agent, publicUrl } = facts;
  return {
    id: 'openai',
    title: 'openai',
    before: `npm install openai; save as ask.mjs, run node ask.mjs. ${KEY}`,
    code: `import OpenAI from 'openai';

const client = new OpenAI({
  baseURL: ${quoted(`${publicUrl}/v1`)},
  apiKey: process.env.ERRAND_KEY ?? 'guest',
});
const answer = await client.chat.completions.create({
  model: ${quoted(agent.slug)},
  messages: [{ role: 'user', content: ${quoted(textOf(facts))} }],
});
console.log(answer.choices[0].message.content);
`,
  };
}

function mcp(facts: ExampleFacts): Example {
  const { agent, publicUrl } = facts;
  return {
    id: 'mcp',
    title: 'MCP',
    before: `Hosts want only the address: ${publicUrl}/mcp. As a program: npm install @modelcontextprotocol/client; save as ask.mjs, run node ask.mjs. ${KEY}`,
    code: `import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const client = new Client({ name: 'example', version: '1.0.0' });
const headers = { Authorization: \`Bearer \${process.env.ERRAND_KEY ?? 'guest'}\` };
await client.connect(
  new StreamableHTTPClientTransport(new URL(${quoted(`${publicUrl}/mcp`)}), { requestInit: { headers } }),
);
const answer = await client.callTool({
  name: 'post_job',
  arguments: { agent: ${quoted(agent.slug)}, text: ${quoted(textOf(facts))} },
});
console.log(answer.content[0].text);
await client.close();
`,
  };
}

/** A text as a literal of JavaScript in single quotes. */
function quoted(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${inner}'`;
}

/** A text for a shell. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** JSON over several lines that go on under where it begins. */
function indented(value: Json, spaces: number): string {
  return JSON.stringify(value, null, 2).replaceAll('\n', `\n${' '.repeat(spaces)}`);
}
