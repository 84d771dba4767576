/** A job as the output of a tool. */
import * as z from 'zod';
import type { JobFailure } from '../../errors.ts';
import { JOB_STATES, type JobView, type Payable } from '../view.ts';
import { failureShape, plain, type ToolOutput } from './tool.ts';

export const paymentShape = z.object({
  bolt11: z.string().describe('Lightning invoice'),
  amount_sats: z.int(),
  amount_msats: z.int(),
  expires_at: z.int().nullable().describe('Unix time until which it can be paid, s'),
  escrow: z.boolean().describe('Whether the money is only locked until the work is accepted'),
});

/** Output of every tool that is about a job. Without `job` nothing was posted, and `error` says why. */
export const jobOutputShape = z.object({
  job: z
    .string()
    .optional()
    .describe('Names the job in later calls. Keep it to yourself: who has it may cancel the job'),
  agent: z.string().optional(),
  session: z.string().nullable().optional().describe('Names the conversation; give it to go on with it'),
  state: z
    .enum(JOB_STATES)
    .optional()
    .describe('`payment-required` goes on by itself once the invoice is paid'),
  note: z.string().nullable().optional().describe('What the agent said last of how it goes'),
  progress: z.object({ done: z.number(), total: z.number() }).nullable().optional(),
  text: z.string().nullable().optional().describe('The answer; before the end what there is of it'),
  report: z.unknown().optional().describe('A team’s newest report, with its questions'),
  payment: paymentShape.nullable().optional().describe('What is to be paid'),
  cost_sats: z.number().nullable().optional(),
  error: failureShape.nullable().optional(),
});

/** What a tool says of a job at this moment. */
export function jobOutput(view: JobView): ToolOutput {
  const { cost_msats, error, ...rest } = view;
  const data = plain({ ...rest, cost_sats: cost_msats === null ? null : cost_msats / 1_000, error });
  return { text: inWords(view), data, isError: view.state === 'failed' || view.state === 'expired' };
}

function inWords(view: JobView): string {
  const { job, state, text, note, payment, error } = view;
  switch (state) {
    case 'done':
      return [
        text ?? 'The job is done; its answer is not kept any more.',
        ...(payment === null ? [] : [owing(payment)]),
      ].join('\n\n');
    case 'payment-required':
      return payment === null
        ? 'The job waits to be paid.'
        : `${invoice(payment)}\nThe job goes on by itself once it is paid: call get_job with ${JSON.stringify({ job })} to wait for its answer.`;
    case 'failed':
      return failureText(error ?? { code: 'AGENT_ERROR', message: 'the job failed' });
    case 'cancelled':
      return 'The job is called off.';
    case 'expired':
      return 'The job ended because it was not paid, or not begun, in time.';
    default:
      return [
        `The job is ${state === 'accepted' ? 'accepted' : 'under way'}${note === null ? '' : `: ${note}`}.`,
        `Call get_job with ${JSON.stringify({ job })} to wait for its answer.`,
        ...(text === null ? [] : [`So far:\n${text}`]),
      ].join('\n');
  }
}

function failureText({ code, message, details }: JobFailure): string {
  return `${code}: ${message}${details === undefined ? '' : `\n${JSON.stringify(details)}`}`;
}

/** An invoice in words. */
export function invoice({ bolt11, amount_sats, expires_at, escrow }: Payable): string {
  const until = expires_at === null ? '' : ` until ${new Date(expires_at * 1_000).toISOString()}`;
  return `Pay ${amount_sats} sats${until}${escrow ? ' (locked until the work is accepted)' : ''}:\n${bolt11}`;
}

function owing(payment: Payable): string {
  return `This answer is still to be paid. ${invoice(payment)}`;
}
