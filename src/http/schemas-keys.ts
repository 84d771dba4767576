/** What API keys, L402 tokens and the OpenAI door answer with or take. Part of schemas.ts. */
import * as z from 'zod';
import { DOOR_MAX_BUDGET_SATS, DOOR_MAX_KEY_AGENTS, DOOR_MAX_KEY_NAME_CHARS } from '../limits.ts';

const count = z.int().nonnegative();
const unix = count.describe('Unix time, s');

export const KeyRequest = z.strictObject({
  name: z.string().trim().min(1).max(DOOR_MAX_KEY_NAME_CHARS).describe('For its owner to know it by'),
  budget_sats: z
    .int()
    .min(0)
    .max(DOOR_MAX_BUDGET_SATS)
    .describe('What is moved from the credit of whoever signs into the key'),
  agents: z
    .array(z.string().max(64))
    .min(1)
    .max(DOOR_MAX_KEY_AGENTS)
    .optional()
    .describe('Slugs of the agents it may hire; all without'),
  expires_at: z.int().positive().optional().describe('Unix time, s'),
});

export const BudgetRequest = z.strictObject({
  add_sats: z
    .int()
    .min(-DOOR_MAX_BUDGET_SATS)
    .max(DOOR_MAX_BUDGET_SATS)
    .refine((sats) => sats !== 0, 'must not be 0')
    .describe('What is moved into the key, or, where negative, back to its owner'),
});

export const ApiKey = z.object({
  id: z.string(),
  name: z.string(),
  agents: z.array(z.string()).nullable().describe('Slugs; null for every agent'),
  credit_msats: count.describe('What it may still spend'),
  set_aside_msats: count.describe('Set aside for its jobs that are not over'),
  created_at: unix,
  expires_at: unix.nullable(),
  revoked_at: unix.nullable(),
  last_used_at: unix.nullable().describe('Unix time, s, to the hour'),
});

export const NewApiKey = ApiKey.extend({ secret: z.string().describe('Shown this once') });
export const ApiKeyList = z.object({ keys: z.array(ApiKey).describe('Newest first') });

export const TokenRefundRequest = z.strictObject({
  bolt11: z.string().max(4_096).describe('An invoice over what is to be paid back'),
});
export const TokenAccount = z.object({
  credit_msats: count.describe('Paid and not used'),
  set_aside_msats: count.describe('Set aside for jobs that are not over'),
});

export const OpenAiError = z.object({
  error: z
    .object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string().nullable(),
    })
    .loose(),
});
export const OpenAiModel = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: count,
  owned_by: z.string(),
  errand: z.record(z.string(), z.unknown()).describe('Name, description, public key and prices of the agent'),
});
export const OpenAiModelList = z.object({ object: z.literal('list'), data: z.array(OpenAiModel) });

/** The schemas of these that openapi.json names. */
export const KEY_COMPONENTS = {
  KeyRequest,
  BudgetRequest,
  ApiKey,
  NewApiKey,
  ApiKeyList,
  TokenRefundRequest,
  TokenAccount,
  OpenAiError,
  OpenAiModel,
  OpenAiModelList,
} as const;
