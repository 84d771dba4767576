/**
 * The `discover` runtime: NIP-90 kinds 5300 (content discovery), 5302 (note search) and 5303 (people search), and
 * the same as agent tasks. Answers with the JSON list of tags that those kinds define. Asks nobody but the index.
 */
import { AGENT_MAX_OUTPUT_BYTES } from '../../limits.ts';
import { isHex32 } from '../../nostr/hex.ts';
import { JOB_KIND } from '../../nostr/kinds.ts';
import type { JobOutput, Usage } from '../../protocol/model.ts';
import { utf8Bytes } from '../../protocol/size.ts';
import type { SearchHit, SearchQuery } from '../../search/model.ts';
import type { AgentDefinition } from '../definition.ts';
import { lastUserText } from '../messages.ts';
import {
  DISCOVER_DEFAULT_RESULTS,
  DISCOVER_MAX_RESULTS,
  numberParameter,
  type Parameters,
  textParameter,
} from '../parameters.ts';
import type { Runtime, RuntimeContext, Task } from '../runtime.ts';

type DiscoverTask = 'content-discovery' | 'note-search' | 'people-search';

const BYTES_PER_TOKEN = 4;
const DAY_S = 86_400;
/** Kind 5302 counts `since` and `until` in days before now, yet many clients send Unix seconds; nobody means days beyond this. */
const MAX_DAYS = 100_000;

const TASK_OF_KIND = new Map<number, DiscoverTask>([
  [JOB_KIND.contentDiscovery, 'content-discovery'],
  [JOB_KIND.noteSearch, 'note-search'],
  [JOB_KIND.peopleSearch, 'people-search'],
]);

export const discover: Runtime = { slow: false, run };

async function run(task: Task, context: RuntimeContext): Promise<JobOutput> {
  const wanted = taskOf(task);
  const query = queryOf(task, wanted, context.now());
  let hits = await context.events.search(query);
  // The input of 5300 is a hint for us to read as we like: no match for it is no reason for an empty page.
  if (hits.length === 0 && wanted === 'content-discovery' && query.text !== '') {
    hits = await context.events.search({ ...query, text: '' });
  }
  const content = resultTags(hits);
  return {
    content,
    finishReason: 'stop',
    model: task.agent.slug,
    usage: usageOf(task.agent, query.text, content),
  };
}

/** No model counts here. Where the price depends on tokens, they are taken as models have them on average: four bytes. */
function usageOf({ prices }: AgentDefinition, question: string, answer: string): Usage {
  if (prices.per1kInputTokens_msats === 0 && prices.per1kOutputTokens_msats === 0)
    return { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  const prompt_tokens = Math.ceil(utf8Bytes(question) / BYTES_PER_TOKEN);
  const completion_tokens = Math.ceil(utf8Bytes(answer) / BYTES_PER_TOKEN);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

/** The job kind decides; an agent task says it in `task`, and is a note search otherwise. */
function taskOf(task: Task): DiscoverTask {
  const byKind = TASK_OF_KIND.get(task.envelope.kind);
  if (byKind !== undefined) return byKind;
  const named = textParameter(task.body.parameters, 'task');
  return named === 'content-discovery' || named === 'people-search' ? named : 'note-search';
}

function queryOf(task: Task, wanted: DiscoverTask, now_ms: number): SearchQuery {
  const { parameters } = task.body;
  const text = textParameter(parameters, 'search') ?? lastUserText(task.body.messages);
  const authors = keysOf(parameters.users) ?? keysOf(parameters.authors);
  const since_s = timeOf(parameters, 'since', now_ms);
  const until_s = timeOf(parameters, 'until', now_ms);
  const wish =
    numberParameter(parameters, 'max_results') ??
    numberParameter(parameters, 'limit') ??
    DISCOVER_DEFAULT_RESULTS;
  const base: SearchQuery = {
    subject: wanted === 'people-search' ? 'people' : 'notes',
    text: text.trim(),
    limit: Math.min(wish, DISCOVER_MAX_RESULTS),
    now_ms,
    ...(authors === undefined ? {} : { authors }),
    ...(since_s === undefined ? {} : { since_s }),
    ...(until_s === undefined ? {} : { until_s }),
  };
  return wanted === 'content-discovery' ? { ...base, viewer: viewerOf(task) } : base;
}

/** Kind 5300: for whom to discover is `p` (many clients write `user`), and the client where neither is given. */
function viewerOf(task: Task): string {
  const { parameters } = task.body;
  return textParameter(parameters, 'user') ?? textParameter(parameters, 'p') ?? task.envelope.client;
}

function timeOf(parameters: Parameters, name: string, now_ms: number): number | undefined {
  const value = numberParameter(parameters, name);
  if (value === undefined) return undefined;
  return value < MAX_DAYS ? Math.floor(now_ms / 1000) - value * DAY_S : value;
}

/** Public keys, each given as such or as a `["p", key]` tag (kind 5302 shows tags). Undefined when absent. */
function keysOf(value: Parameters[string] | undefined): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items: readonly unknown[] = value;
  return items.map((item) => (Array.isArray(item) ? item[1] : item)).filter(isHex32);
}

/** The tags as JSON, as many as an answer may hold: addresses of articles can be long. */
function resultTags(hits: readonly SearchHit[]): string {
  const tags: string[] = [];
  let bytes = 2;
  for (const { tag, value } of hits) {
    const text = JSON.stringify([tag, value]);
    bytes += utf8Bytes(text) + 1;
    if (bytes > AGENT_MAX_OUTPUT_BYTES) break;
    tags.push(text);
  }
  return `[${tags.join(',')}]`;
}
