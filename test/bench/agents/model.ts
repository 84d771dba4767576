/**
 * The model of the agents bench, in a process of its own: an OpenAI-compatible endpoint on loopback that does what the
 * task in its prompt says. It notes when each question came, and hands the notes in when its parent asks.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { type AskedModel, modelServer, type Script } from '../../support/model-server.ts';
import { newerOf } from '../../support/team-model.ts';
import { calling, finalAnswer, messagesOf, offeredTo } from '../../support/tool-script.ts';

/** What a prompt has it do: call a tool so many times first, ask the client, judge. Otherwise it hands in a draft. */
export const calls = (times: number) => `[calls ${times}]`;
export const ASKS = '[asks]';
export const JUDGES = '[judges]';

const setting = z.object({
  /** What it lets pass before each answer, ms. */
  answer_ms: z.number().nonnegative(),
});
export type ModelSetting = z.infer<typeof setting>;

export const modelGreeting = z.object({ baseUrl: z.string() });

const order = z.object({
  /** Whether the bodies of the questions are wanted too. */
  bodies: z.boolean(),
});
export type ModelOrder = z.infer<typeof order>;

/** What it was asked since it last told: when, ms of its own clock, and what. */
export const questionsAsked = z.object({
  at_ms: z.array(z.number()),
  bodies: z.array(z.looseObject({ model: z.string(), messages: z.array(z.looseObject({})) })),
});

/** Tools by which it passes the time, the first that is offered. */
const PASTIMES: Readonly<Record<string, unknown>> = {
  add: { a: 1, b: 2 },
  nostr_search: { query: 'topicaaq', count: 1 },
};

let drafts = 0;

function scriptFor(asked: AskedModel): Script {
  const messages = messagesOf(asked);
  const said = (role: string) =>
    messages.flatMap((one) => (one.role === role ? [one.content] : [])).join('\n');
  const prompt = `${said('system')}\n${said('user')}`;
  if (prompt.includes(JUDGES)) return finalAnswer(`${newerOf(said('user'))}\nit is the newer one`);
  const [, times = '0'] = /\[calls (\d+)\]/.exec(prompt) ?? [];
  const done = messages.filter(({ role }) => role === 'tool').length;
  const offered = offeredTo(asked);
  const pastime = Object.keys(PASTIMES).find((name) => offered.includes(name));
  if (done < Number(times) && pastime !== undefined)
    return calling({ name: pastime, args: PASTIMES[pastime] });
  if (prompt.includes(ASKS) && done === 0 && offered.includes('ask_user'))
    return calling({ name: 'ask_user', args: { question: 'For whom?', assumption: 'for all' } });
  return finalAnswer(`work ${++drafts}`);
}

async function main({ answer_ms }: ModelSetting): Promise<void> {
  const server = await modelServer();
  let at_ms: number[] = [];
  server.scriptBy((asked) => {
    at_ms.push(performance.now());
    const script = scriptFor(asked);
    return answer_ms === 0 || !Array.isArray(script) ? script : [{ hold: sleep(answer_ms) }, ...script];
  });
  process.on('message', (message) => {
    const { bodies } = order.parse(message);
    const asked = server.asked.splice(0);
    process.send?.({ at_ms, bodies: bodies ? asked.map(({ body }) => body) : [] });
    at_ms = [];
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ baseUrl: server.baseUrl });
}

if (process.argv[1] === import.meta.filename) await main(setting.parse(JSON.parse(process.argv[2] ?? '')));
