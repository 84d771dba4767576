/** The tool about money that is no job's: credit. */
import * as z from 'zod';
import { JobError } from '../../errors.ts';
import type { Purse } from '../purse.ts';
import { invoice, paymentShape } from './job-output.ts';
import { failureShape, jsonSchemaOf, type McpTool, plain, readArguments, type ToolHouse } from './tool.ts';

const CreditArguments = z.strictObject({
  add_sats: z.int().min(1).optional().describe('Asks for an invoice whose payment is credit, whole sats'),
  refund_to: z
    .string()
    .min(3)
    .max(7_089)
    .optional()
    .describe('Pays all credit back: a Lightning address, or an invoice that names its amount'),
  job: z.string().max(200).optional().describe('For a guest: a job of the purse that is meant'),
});
const creditShape = z.object({
  credit_sats: z.number().optional().describe('Paid and not used'),
  payment: paymentShape.optional(),
  refund: z.string().optional().describe('How the refund stands'),
  error: failureShape.optional(),
});

export function creditTools({ desk, till }: ToolHouse): readonly McpTool[] {
  /** A guest is known by its jobs: without one it would ask for a purse that nobody ever finds again. */
  function purseOf(caller: Purse, job: string | undefined): Purse {
    if (job !== undefined) return desk.callers.job(caller, job).purse;
    if (caller.kind !== 'guest') return caller;
    throw new JobError(
      'UNAUTHORIZED',
      'A guest has credit by its jobs only: name a job of yours, or bring a token',
    );
  }

  return [
    {
      name: 'credit',
      title: 'Credit',
      description:
        'Says what credit you have. Also adds to it by an invoice, or pays it back. Credit pays jobs before any invoice is made.',
      input: jsonSchemaOf(CreditArguments, 'input'),
      output: jsonSchemaOf(creditShape, 'output'),
      hints: { readOnly: false, destructive: false, idempotent: false },
      run: async (args, { caller }) => {
        const { add_sats, refund_to, job } = readArguments(CreditArguments, args);
        const purse = purseOf(caller, job);
        if (add_sats !== undefined) {
          const payment = await till.fill(purse, add_sats);
          return { text: invoice(payment), data: plain({ payment }) };
        }
        if (refund_to !== undefined) {
          const to = refund_to.includes('@') ? { lightning_address: refund_to } : { bolt11: refund_to };
          const refund = await till.refund(purse, to);
          return { text: `The refund is ${refund}.`, data: { refund } };
        }
        const credit_sats = (await till.credit(purse)) / 1_000;
        return { text: `${credit_sats} sats`, data: { credit_sats } };
      },
    },
  ];
}
