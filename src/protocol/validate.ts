/** Checks a request's body against the limits and the parameter schema that its agent's card states. */
import { type OutputUnit, Validator } from '@cfworker/json-schema';
import { JobError } from '../errors.ts';
import { JOB_MAX_INPUTS, JOB_MAX_MESSAGES, JOB_MAX_STATUS_CHARS } from '../limits.ts';
import type { AgentDefinition } from './agent.ts';
import { coerceParameters } from './coerce.ts';
import type { JsonObject } from './json.ts';
import type { ChatMessage, DialectName, JobBody } from './model.ts';
import { clip, utf8Bytes } from './size.ts';

/**
 * The body as its agent may rely on it.
 *
 * @param dialect where it was read from: parameters of NIP-90 are strings and become what the schema says
 * @throws JobError CONTENT_TOO_LARGE, with the limit and the actual figure in `details`
 * @throws JobError NOT_FOUND when `model` names neither the agent nor one of its models
 * @throws JobError INVALID_PARAMETER, with the JSON path in `details`
 */
export function checkBody(body: JobBody, agent: AgentDefinition, dialect: DialectName): JobBody {
  checkCount('messages', body.messages.length, JOB_MAX_MESSAGES);
  checkCount('inputs', body.inputs.length, JOB_MAX_INPUTS);
  const actual_bytes = inputBytes(body);
  if (actual_bytes > agent.maxInputBytes) {
    throw new JobError(
      'CONTENT_TOO_LARGE',
      `the request has ${actual_bytes} bytes of input, and ${agent.slug} takes ${agent.maxInputBytes}`,
      { limit_bytes: agent.maxInputBytes, actual_bytes },
    );
  }
  const { model } = body;
  if (model !== null && model !== agent.slug && !agent.models.includes(model)) {
    throw new JobError('NOT_FOUND', `${agent.slug} has no model of that name`, {
      path: '$.model',
      models: [agent.slug, ...agent.models],
    });
  }
  const parameters =
    dialect === 'nip90' ? coerceParameters(body.parameters, agent.parametersSchema) : body.parameters;
  checkParameters(parameters, agent.parametersSchema);
  return { ...body, parameters };
}

function checkCount(what: string, actual: number, limit: number): void {
  if (actual <= limit) return;
  throw new JobError('CONTENT_TOO_LARGE', `the request has ${actual} ${what}, more than ${limit}`, {
    [`limit_${what}`]: limit,
    [`actual_${what}`]: actual,
  });
}

/** What the agent has to read: messages, inputs, parameters and tools, bytes of UTF-8. */
export function inputBytes(body: JobBody): number {
  let bytes = 0;
  for (const message of body.messages) bytes += messageBytes(message);
  for (const input of body.inputs) bytes += utf8Bytes(input.value);
  if (Object.keys(body.parameters).length > 0) bytes += utf8Bytes(JSON.stringify(body.parameters));
  if (body.tools !== null) bytes += utf8Bytes(JSON.stringify(body.tools));
  return bytes;
}

function messageBytes(message: ChatMessage): number {
  let bytes = message.tool_calls === undefined ? 0 : utf8Bytes(JSON.stringify(message.tool_calls));
  if (typeof message.content === 'string') return bytes + utf8Bytes(message.content);
  for (const part of message.content)
    bytes += utf8Bytes(part.type === 'text' ? part.text : part.image_url.url);
  return bytes;
}

const validators = new WeakMap<object, Validator>();

function checkParameters(parameters: JsonObject, schema: JsonObject): void {
  let validator = validators.get(schema);
  if (validator === undefined) {
    validator = new Validator(structuredClone(schema), '2020-12');
    validators.set(schema, validator);
  }
  const errors = problems(validator, parameters);
  if (errors === null) return;
  const cause = innermost(errors);
  // The names in it are a stranger's, and may be as long as a request.
  const path = clip(`$.parameters${jsonPath(cause?.instanceLocation ?? '#')}`, JOB_MAX_STATUS_CHARS / 2);
  const problem = clip(cause?.error ?? 'the schema refuses it', JOB_MAX_STATUS_CHARS / 2);
  throw new JobError('INVALID_PARAMETER', `${path} is wrong: ${problem}`, {
    path,
    keyword: cause?.keyword ?? '',
  });
}

function problems(validator: Validator, parameters: JsonObject): readonly OutputUnit[] | null {
  try {
    const { valid, errors } = validator.validate(parameters);
    return valid ? null : errors;
  } catch (error) {
    // Thrown where a name holds half a surrogate pair, which no URI can spell; no schema of ours has such a name.
    if (error instanceof URIError) return [];
    throw error;
  }
}

/** The validator lists an error at every level up to the root; the deepest one says what is really wrong. */
function innermost(errors: readonly OutputUnit[]): OutputUnit | undefined {
  let deepest: OutputUnit | undefined;
  for (const error of errors) {
    if (deepest === undefined || depth(error) >= depth(deepest)) deepest = error;
  }
  return deepest;
}

function depth(error: OutputUnit): number {
  return error.instanceLocation.split('/').length;
}

/** A JSON pointer in URI form as the tail of a JSON path (RFC 9535). */
function jsonPath(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => {
      if (/^\d+$/.test(step)) return `[${step}]`;
      return /^[A-Za-z_]\w*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
    })
    .join('');
}
