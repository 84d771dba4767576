/** The shapes of `POST /agents/<slug>/quote`. */
import * as z from 'zod';

const hex32 = z.string().regex(/^[0-9a-f]{64}$/);

/** What would be asked for, in the words of a request (PROTOCOL §2). */
export const QuoteRequest = z.strictObject({
  request: z.record(z.string(), z.json()).describe('As in the `request` tag: messages, parameters, model, …'),
  contract: z.record(z.string(), z.json()).nullable().default(null).describe('As in the `contract` tag'),
  client: hex32
    .nullable()
    .default(null)
    .describe('Who would ask; needed where a part of a check is encrypted to the marketplace'),
});

export const Quote = z.object({
  max_msats: z.int().nonnegative().describe('The most it can cost; earlier turns of a session may add to it'),
  fixed: z.boolean().describe('Whether it costs exactly that; else what is not used goes back'),
  checked: z.boolean().describe('Whether the answer has to pass a check'),
  payment_methods: z.array(z.string()).describe('In the words of the agent card'),
});
