/** A job's news as a `response`, and as the events by which one is streamed (OpenAI, "Responses"). */
import type { HeardNews } from '../../door/news.ts';
import type { NewsReader } from '../../door/reader.ts';
import type { StreamedText } from '../../door/text.ts';
import { DOOR_KEEP_ALIVE_MS } from '../../limits.ts';
import type { ToolCall } from '../../protocol/model.ts';
import { endedSilently, errorOf, type Result } from './answer.ts';
import { type AnswerHead, failureIn } from './chat-answer.ts';
import { openAiError } from './errors.ts';
import type { ResponsesBody } from './responses-request.ts';

/** The whole response. */
export function responseOf(head: AnswerHead, body: ResponsesBody, result: Result) {
  return { ...response(head, body), ...endOf(head, result) };
}

/** What of a response is known before its answer. */
function response({ id, created, model }: AnswerHead, body: ResponsesBody) {
  return {
    id,
    object: 'response' as const,
    created_at: created,
    status: 'in_progress',
    background: false,
    error: null,
    incomplete_details: null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    metadata: body.metadata ?? {},
    model,
    output: [],
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    service_tier: 'default',
    store: false,
    temperature: body.temperature ?? null,
    text: body.text ?? { format: { type: 'text' } },
    tool_choice: body.tool_choice ?? 'auto',
    tools: body.tools ?? [],
    top_p: body.top_p ?? null,
    truncation: 'disabled',
    usage: null,
  };
}

function endOf(head: AnswerHead, { content, completion }: Result) {
  const { usage, finish_reason, tool_calls } = completion;
  const cut = finish_reason === 'length' || finish_reason === 'content_filter';
  const reason = finish_reason === 'length' ? 'max_output_tokens' : 'content_filter';
  const text = content === '' && tool_calls.length > 0 ? [] : [messageItem(head, content)];
  return {
    status: cut ? 'incomplete' : 'completed',
    incomplete_details: cut ? { reason } : null,
    output: [...text, ...tool_calls.map((call, index) => callItem(head, call, index))],
    usage: {
      input_tokens: usage.prompt_tokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: usage.completion_tokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: usage.total_tokens,
    },
  };
}

function textPart(text: string) {
  return { type: 'output_text' as const, text, annotations: [], logprobs: [] };
}

function messageItem({ id }: AnswerHead, text: string) {
  return {
    id: id.replace('resp_', 'msg_'),
    type: 'message' as const,
    status: 'completed',
    role: 'assistant',
    content: [textPart(text)],
  };
}

function callItem({ id }: AnswerHead, call: ToolCall, index: number) {
  return {
    id: `${id.replace('resp_', 'fc_')}_${index}`,
    type: 'function_call' as const,
    status: 'completed',
    call_id: call.id,
    name: call.function.name,
    arguments: call.function.arguments,
  };
}

/** Server-sent events of a streamed response, comments while it is silent. @param text keeps what was told of the answer */
export async function* responseEvents(
  head: AnswerHead,
  body: ResponsesBody,
  text: StreamedText,
  first: HeardNews | 'silent',
  reader: NewsReader,
): AsyncGenerator<string, void> {
  let sequence_number = 0;
  const event = (type: string, data: object) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence_number++, ...data })}\n\n`;
  const begun = response(head, body);
  const item = messageItem(head, '');
  const at = { item_id: item.id, output_index: 0, content_index: 0 };
  let opened = false;
  const said = function* (delta: string): Generator<string> {
    if (delta === '') return;
    if (!opened) {
      opened = true;
      const empty = { ...item, status: 'in_progress', content: [] };
      yield event('response.output_item.added', { output_index: 0, item: empty });
      yield event('response.content_part.added', { ...at, part: textPart('') });
    }
    yield event('response.output_text.delta', { ...at, delta, logprobs: [] });
  };
  yield event('response.created', { response: begun });
  yield event('response.in_progress', { response: begun });
  try {
    for (
      let news: HeardNews | 'silent' | null = first;
      news !== null;
      news = await reader.next(DOOR_KEEP_ALIVE_MS)
    ) {
      if (news === 'silent') yield ': still working\n\n';
      else if (news.type === 'delta') yield* said(text.delta(news));
      else if (news.type === 'error') throw errorOf(news.failure);
      else if (news.type === 'over') throw endedSilently(news.phase);
      else if (news.type === 'result') {
        yield* said(text.result(news.content));
        const whole = responseOf(head, body, news);
        for (const [output_index, done] of whole.output.entries()) {
          if (done.type === 'function_call') yield* called(done, output_index, event);
          else if (opened) {
            const [part] = done.content;
            yield event('response.output_text.done', { ...at, text: part?.text ?? '', logprobs: [] });
            yield event('response.content_part.done', { ...at, part });
            yield event('response.output_item.done', { output_index, item: done });
          } else {
            yield event('response.output_item.added', { output_index, item: done });
            yield event('response.output_item.done', { output_index, item: done });
          }
        }
        const type = whole.status === 'completed' ? 'response.completed' : 'response.incomplete';
        yield event(type, { response: whole });
        return;
      }
    }
  } catch (error) {
    const told = openAiError(failureIn(error));
    // OpenAI names the fault in the event itself, and its client looks for `error`.
    yield event('error', { ...told.error, type: 'error', ...told });
  }
}

function* called(
  item: ReturnType<typeof callItem>,
  output_index: number,
  event: (type: string, data: object) => string,
): Generator<string> {
  const { id: item_id, name, arguments: args } = item;
  const begun = { ...item, status: 'in_progress', arguments: '' };
  yield event('response.output_item.added', { output_index, item: begun });
  yield event('response.function_call_arguments.delta', { item_id, output_index, delta: args });
  yield event('response.function_call_arguments.done', { item_id, output_index, name, arguments: args });
  yield event('response.output_item.done', { output_index, item });
}
