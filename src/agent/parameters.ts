/**
 * The parameters the embedded agents take, as JSON Schema (2020-12). A request was checked against it before a
 * runtime sees it (protocol/validate.ts), so the readers below only pick out what is there. Parameters an agent
 * does not know are allowed: clients send the same set to many agents.
 */
import type { Json } from '../errors.ts';
import { SANDBOX_FUEL } from '../limits.ts';

/** A JSON Schema as data. */
export type JsonSchema = { readonly [key: string]: Json };

/** What a request may carry beside its messages. */
export type Parameters = { readonly [name: string]: Json };

/** Results a search may return. Larger wishes are cut to this, as relays do with `limit` (NIP-01). */
export const DISCOVER_MAX_RESULTS = 300;
export const DISCOVER_DEFAULT_RESULTS = 50;
/** Authors one search may name. */
export const DISCOVER_MAX_USERS = 200;

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';
const HEX_KEY = '^[0-9a-f]{64}$';

const wholeNumber = (description: string, minimum: number): Json => ({
  description,
  type: 'integer',
  minimum,
});

const number = (description: string, minimum: number, maximum: number): Json => ({
  description: `${description} From ${minimum} to ${maximum}.`,
  type: 'number',
  minimum,
  maximum,
});

const pubkey = (description: string): Json => ({ description, type: 'string', pattern: HEX_KEY });

const pubkeys = (description: string): Json => ({
  description: `${description} Hex public keys, or ["p", key] tags.`,
  type: 'array',
  maxItems: DISCOVER_MAX_USERS,
  items: {
    anyOf: [
      { type: 'string', pattern: HEX_KEY },
      { type: 'array', minItems: 2, items: { type: 'string' } },
    ],
  },
});

/** Parameters of `discover`: those of NIP-90 kinds 5300, 5302 and 5303, and `task` for the agent NIP. */
export const DISCOVER_PARAMETERS: JsonSchema = {
  $schema: DIALECT,
  type: 'object',
  properties: {
    task: {
      description: 'What to look for, where the request kind does not say it. Default: note-search.',
      enum: ['content-discovery', 'note-search', 'people-search'],
    },
    search: { description: 'The words to search for, instead of the last user message.', type: 'string' },
    max_results: wholeNumber(`How many results; at most ${DISCOVER_MAX_RESULTS} are returned.`, 1),
    limit: wholeNumber('The same as max_results.', 1),
    since: wholeNumber('Not older than: days before now, or Unix seconds.', 0),
    until: wholeNumber('Not newer than: days before now, or Unix seconds.', 0),
    users: pubkeys('Only from these authors.'),
    authors: pubkeys('The same as users.'),
    user: pubkey('For whom to discover: what their follows wrote ranks higher. Default: the client.'),
    p: pubkey('The same as user.'),
  },
};

/** Parameters of `chat`, in the names of OpenAI chat completions. */
export const CHAT_PARAMETERS: JsonSchema = {
  $schema: DIALECT,
  type: 'object',
  properties: {
    temperature: number('Sampling temperature.', 0, 2),
    top_p: number('Nucleus sampling: the probability mass looked at.', 0, 1),
    frequency_penalty: number('Against repeating what was said often.', -2, 2),
    presence_penalty: number('Against repeating what was said at all.', -2, 2),
    max_tokens: wholeNumber('The most tokens the answer may have.', 1),
    seed: wholeNumber('The same seed and request tend to the same answer.', 0),
    stop: {
      description: 'Texts at which the answer ends.',
      type: 'array',
      maxItems: 4,
      items: { type: 'string', minLength: 1, maxLength: 200 },
    },
    tool_choice: {
      description: "Which of the request's tools are called: auto, none, required, or one by its name.",
      anyOf: [
        { enum: ['auto', 'none', 'required'] },
        {
          type: 'object',
          required: ['type', 'function'],
          properties: {
            type: { const: 'function' },
            function: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
          },
        },
      ],
    },
    parallel_tool_calls: { description: 'Whether several may be called at a time.', type: 'boolean' },
  },
};

/** Parameters of `code`. @param most what a job may use, units of fuel */
export function codeParameters(most: number): JsonSchema {
  return {
    $schema: DIALECT,
    type: 'object',
    properties: {
      fuel: {
        description: `What the program may use at the most, units of work; the quote is made of it. At most ${most}.`,
        type: 'integer',
        minimum: 1,
        maximum: most,
        default: SANDBOX_FUEL,
      },
      input: {
        description:
          'The input, where the message does not say it: arguments as in a call, for JavaScript a JSON array.',
        type: 'string',
      },
    },
  };
}

/** Agents of the loop take none: everything is said in words. */
export const NO_PARAMETERS: JsonSchema = { $schema: DIALECT, type: 'object' };

/** A number parameter; undefined when absent or of another type. */
export function numberParameter(parameters: Parameters, name: string): number | undefined {
  const value = parameters[name];
  return typeof value === 'number' ? value : undefined;
}

/** A text parameter; undefined when absent or of another type. */
export function textParameter(parameters: Parameters, name: string): string | undefined {
  const value = parameters[name];
  return typeof value === 'string' ? value : undefined;
}
