/** The tools about jobs: post, follow, answer, pay, call off. */
import * as z from 'zod';
import { JobError } from '../../errors.ts';
import { MCP_WAIT_DEFAULT_S, MCP_WAIT_MAX_S } from '../../limits.ts';
import type { JsonObject } from '../../protocol/json.ts';
import { type Watched, type Wish, watch } from '../desk.ts';
import type { JobView } from '../view.ts';
import { jobOutput, jobOutputShape } from './job-output.ts';
import {
  jsonSchemaOf,
  type McpTool,
  readArguments,
  type ToolCall,
  type ToolHouse,
  type ToolOutput,
} from './tool.ts';

export const JOB_OUTPUT = jsonSchemaOf(jobOutputShape, 'output');

const job = z.string().min(1).max(200).describe('The name of a job, as the tool that posted it gave it');
export const wait_s = z
  .int()
  .min(0)
  .max(MCP_WAIT_MAX_S)
  .default(MCP_WAIT_DEFAULT_S)
  .describe('How long to wait for the end, seconds. The job goes on when this is over');
export const max_sats = z
  .int()
  .min(0)
  .describe('The most this may cost, whole sats. Needed unless the agent is free; never exceeded');
export const session = z
  .string()
  .min(1)
  .max(200)
  .describe(
    'Name of a conversation: one you were given, or a new one of your own. The agent remembers what was said in it',
  );
const object = z.record(z.string(), z.json());

const PostArguments = z.strictObject({
  agent: z.string().describe('Slug of the agent'),
  text: z.string().min(1).describe('What is asked for'),
  messages: z
    .array(object)
    .exactOptional()
    .describe('What goes before it, in the shape of OpenAI chat completions'),
  parameters: object.exactOptional().describe('Parameters by the agent’s schema (get_agent shows it)'),
  contract: object
    .exactOptional()
    .describe(
      'Contract of the agent NIP; `verify` in it is a check by which the answer is proved before it is paid',
    ),
  session: session.exactOptional(),
  max_sats: max_sats.exactOptional(),
  wait_s,
});
const FollowArguments = z.strictObject({ job, wait_s });
const AnswerArguments = z.strictObject({ job, text: z.string().min(1) });
const CancelArguments = z.strictObject({ job });
const PayArguments = z.strictObject({ job, max_sats, wait_s });

const READ = { readOnly: true, destructive: false, idempotent: true };
const WRITE = { readOnly: false, destructive: false, idempotent: false };

export function jobTools(house: ToolHouse): readonly McpTool[] {
  const { desk } = house;
  return [
    {
      name: 'post_job',
      title: 'Post a job',
      description:
        'Hires an agent and waits for its answer. Priced work needs max_sats; where credit is lacking the answer is a Lightning invoice, and once that is paid the same job goes on.',
      input: jsonSchemaOf(PostArguments, 'input'),
      output: JOB_OUTPUT,
      hints: WRITE,
      run: async (args, call) => {
        const { agent, wait_s: patience_s, ...rest } = readArguments(PostArguments, args);
        return await postAndWait(house, { agent: desk.door.agent(agent), ...rest }, patience_s, call);
      },
    },
    {
      name: 'get_job',
      title: 'Look at a job',
      description: 'Says how a job stands, and waits for its end if it is not over. wait_s 0 only looks.',
      input: jsonSchemaOf(FollowArguments, 'input'),
      output: JOB_OUTPUT,
      hints: READ,
      run: async (args, call) => {
        const { job: name, wait_s: patience_s } = readArguments(FollowArguments, args);
        if (patience_s === 0) return jobOutput(await desk.look(call.caller, name));
        const patience = patienceOf(patience_s, call);
        return jobOutput(await wait(await desk.follow(call.caller, name, patience), call));
      },
    },
    {
      name: 'answer_job',
      title: 'Say something to a team at work',
      description: 'Answers a question of a team, or tells it a wish, while it works on a job.',
      input: jsonSchemaOf(AnswerArguments, 'input'),
      output: JOB_OUTPUT,
      hints: WRITE,
      run: async (args, call) => {
        const { job: name, text } = readArguments(AnswerArguments, args);
        await desk.say(call.caller, name, text);
        return { text: 'The team is told.', data: { job: name } };
      },
    },
    {
      name: 'cancel_job',
      title: 'Call a job off',
      description:
        'Calls a job off; what it did not use is credit. What is kept of a job that is over is erased.',
      input: jsonSchemaOf(CancelArguments, 'input'),
      output: JOB_OUTPUT,
      hints: { readOnly: false, destructive: true, idempotent: true },
      run: async (args, call) => {
        const { job: name } = readArguments(CancelArguments, args);
        await desk.cancel(call.caller, name);
        return { text: 'The job is called off.', data: { job: name } };
      },
    },
    {
      name: 'pay_job',
      title: 'Pay for a job',
      description:
        'Shows the invoice of a job that waits to be paid, if it is not more than max_sats, waits until somebody has paid it, and then for the answer.',
      input: jsonSchemaOf(PayArguments, 'input'),
      output: JOB_OUTPUT,
      hints: WRITE,
      run: async (args, call) => {
        const { job: name, max_sats: most, wait_s: patience_s } = readArguments(PayArguments, args);
        const patience = patienceOf(patience_s, call);
        const watched = await desk.follow(call.caller, name, patience);
        return jobOutput(await wait({ ...watched, through: true }, call, (view) => assertWithin(view, most)));
      },
    },
  ];
}

/**
 * Posts a job and waits for it. Called off by the client while it waits, the job is called off too.
 *
 * @throws JobError what {@link Desk.post} throws
 */
export async function postAndWait(
  { desk }: ToolHouse,
  wish: Wish,
  patience_s: number,
  call: ToolCall,
): Promise<ToolOutput> {
  const { caller, key, signal } = call;
  call.admit();
  const watched = await desk.post(
    caller,
    { ...wish, ...(key === null ? {} : { key }) },
    patienceOf(patience_s, call),
  );
  const view = await wait(watched, call);
  if (signal.aborted) await desk.cancel(caller, watched.view.job);
  return jobOutput(view);
}

/** Watches a job and tells of its progress. */
async function wait(watched: Watched, call: ToolCall, look?: (view: JobView) => void): Promise<JobView> {
  return await watch(watched, {
    onNews: async (view, news) => {
      look?.(view);
      if (news.type !== 'progress' && news.type !== 'payment') return;
      const { done = null, total = null } = view.progress ?? {};
      const message = news.type === 'payment' ? 'waits to be paid' : view.note;
      await call.progress({ message, done, total });
    },
  });
}

/** @throws JobError INSUFFICIENT_FUNDS when a job asks for more */
function assertWithin({ payment, state }: JobView, max_sats: number): void {
  if (state !== 'payment-required' || payment === null || payment.amount_msats <= max_sats * 1_000) return;
  const details: JsonObject = { amount_sats: payment.amount_sats, max_sats };
  throw new JobError('INSUFFICIENT_FUNDS', 'The job asks for more than max_sats', details);
}

/** Aborts when the client does, or when it has waited long enough. */
function patienceOf(seconds: number, { signal }: ToolCall): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(seconds * 1_000)]);
}
