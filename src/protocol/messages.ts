/** Chat messages in the shape of OpenAI chat completions, read from untrusted JSON. */
import { JobError, type Json } from '../errors.ts';
import { isList, isObject } from './json.ts';
import type { ChatMessage, ContentPart, ToolCall } from './model.ts';

const ROLES: ReadonlySet<string> = new Set<ChatMessage['role']>(['system', 'user', 'assistant', 'tool']);

/**
 * Reads `messages`. A missing list is an empty one; whether that is enough is the caller's to say.
 *
 * @throws JobError BAD_REQUEST naming the JSON path of what is wrong
 */
export function readMessages(value: Json | undefined, path: string): ChatMessage[] {
  if (value === undefined) return [];
  if (!isList(value)) throw wrong(path, 'must be a list of messages');
  return value.map((message, index) => readMessage(message, `${path}[${index}]`));
}

function readMessage(value: Json, path: string): ChatMessage {
  if (!isObject(value)) throw wrong(path, 'must be a message object');
  const { role, content, name, tool_call_id, tool_calls } = value;
  if (!isRole(role)) throw wrong(`${path}.role`, 'must be system, user, assistant or tool');
  if (name !== undefined && typeof name !== 'string') throw wrong(`${path}.name`, 'must be a string');
  if (tool_call_id !== undefined && typeof tool_call_id !== 'string') {
    throw wrong(`${path}.tool_call_id`, 'must be a string');
  }
  return {
    role,
    content: readContent(content, role, `${path}.content`),
    ...(name === undefined ? {} : { name }),
    ...(tool_call_id === undefined ? {} : { tool_call_id }),
    ...(tool_calls === undefined || tool_calls === null
      ? {}
      : { tool_calls: readCalls(tool_calls, role, `${path}.tool_calls`) }),
  };
}

function readCalls(value: Json, role: ChatMessage['role'], path: string): ToolCall[] {
  if (role !== 'assistant') throw wrong(path, 'are of the role assistant only');
  if (!isList(value)) throw wrong(path, 'must be a list of calls');
  return value.map((call, index) => {
    const at = `${path}[${index}]`;
    if (!isObject(call) || call.type !== 'function' || !isObject(call.function))
      throw wrong(at, 'must be the call of a function');
    const { name, arguments: args } = call.function;
    if (typeof call.id !== 'string') throw wrong(`${at}.id`, 'must be a string');
    if (typeof name !== 'string') throw wrong(`${at}.function.name`, 'must be a string');
    if (typeof args !== 'string') throw wrong(`${at}.function.arguments`, 'must be a string');
    return { id: call.id, type: 'function', function: { name, arguments: args } };
  });
}

function isRole(value: Json | undefined): value is ChatMessage['role'] {
  return typeof value === 'string' && ROLES.has(value);
}

function readContent(value: Json | undefined, role: string, path: string): ChatMessage['content'] {
  if (typeof value === 'string') return value;
  // OpenAI writes null where an assistant only called tools.
  if ((value === null || value === undefined) && role === 'assistant') return '';
  if (!isList(value)) throw wrong(path, 'must be a string or a list of parts');
  return value.map((part, index) => readPart(part, `${path}[${index}]`));
}

function readPart(value: Json, path: string): ContentPart {
  if (!isObject(value)) throw wrong(path, 'must be a part object');
  const { type, text, image_url } = value;
  if (type === 'text') {
    if (typeof text !== 'string') throw wrong(`${path}.text`, 'must be a string');
    return { type: 'text', text };
  }
  if (type !== 'image_url') throw wrong(`${path}.type`, 'must be text or image_url');
  if (!isObject(image_url)) throw wrong(`${path}.image_url`, 'must be an object');
  const { url, detail } = image_url;
  if (typeof url !== 'string') throw wrong(`${path}.image_url.url`, 'must be a string');
  if (detail !== undefined && typeof detail !== 'string')
    throw wrong(`${path}.image_url.detail`, 'must be a string');
  return { type: 'image_url', image_url: detail === undefined ? { url } : { url, detail } };
}

/** The text of a message: its text parts joined by line breaks. */
export function messageText(message: ChatMessage): string {
  if (typeof message.content === 'string') return message.content;
  return message.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}

/** A BAD_REQUEST that names the JSON path. */
export function wrong(path: string, problem: string): JobError {
  return new JobError('BAD_REQUEST', `${path} ${problem}`, { path });
}
