/** The OpenAI door: the agents of this marketplace as models, for clients that know nothing of Nostr (docs/doors.md). */
import { type Context, Hono } from 'hono';
import type { KeyedAgent } from '../../agent/definition.ts';
import type { HeardNews } from '../../door/news.ts';
import type { NewsReader } from '../../door/reader.ts';
import { StreamedText } from '../../door/text.ts';
import { JobError } from '../../errors.ts';
import {
  DOOR_FIRST_WORD_MS,
  DOOR_WAIT_MS,
  GUEST_CALLERS,
  GUEST_JOBS_BURST,
  GUEST_JOBS_PER_S,
  L402_CHALLENGES_BURST,
  L402_CHALLENGES_PER_S,
} from '../../limits.ts';
import { type Result, resultOf } from '../openai/answer.ts';
import { readOpenAiBody } from '../openai/body.ts';
import { type AnswerHead, chatChunks, completionOf } from '../openai/chat-answer.ts';
import { type ChatBody, ChatRequest, chatOrder } from '../openai/chat-request.ts';
import { openAiProblem } from '../openai/errors.ts';
import { responseEvents, responseOf } from '../openai/responses-answer.ts';
import { asChat, ResponsesRequest } from '../openai/responses-request.ts';
import { agentOf, PaymentNeeded, type Sieves, serve } from '../openai/serve.ts';
import { eventStream } from '../openai/stream.ts';
import type { HttpPorts } from '../ports.ts';
import type { AppEnv } from '../problem.ts';
import { Sieve } from '../sieve.ts';

export function openAiRoutes(ports: HttpPorts): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const sieves: Sieves = {
    challenges: new Sieve(L402_CHALLENGES_PER_S, L402_CHALLENGES_BURST, GUEST_CALLERS),
    guests: new Sieve(GUEST_JOBS_PER_S, GUEST_JOBS_BURST, GUEST_CALLERS),
  };

  app.onError((error, c) => {
    if (error instanceof JobError) return openAiProblem(c, error.failure);
    if (error instanceof PaymentNeeded) {
      const { failure, header } = error;
      return openAiProblem(c, failure, 402, header === null ? {} : { 'www-authenticate': header });
    }
    return broken(c, error);
  });

  function broken(c: Context<AppEnv>, error: unknown): Response {
    const requestId = c.get('requestId');
    ports.log({ level: 'error', message: `${c.req.method} ${c.req.path} failed`, requestId, error });
    return openAiProblem(c, {
      code: 'AGENT_ERROR',
      message: 'an internal error; the operator finds it by its request id',
    });
  }

  app.get('/v1/models', (c) => c.json({ object: 'list', data: ports.agents.map(modelOf) }));
  app.get('/v1/models/:slug', (c) => c.json(modelOf(agentOf(ports, c.req.param('slug')))));

  app.post('/v1/chat/completions', async (c) => {
    const { body, text } = await readOpenAiBody(c, ChatRequest);
    const { stream, stream_options } = body;
    if (stream !== true && stream_options !== undefined && stream_options !== null)
      throw new JobError('BAD_REQUEST', 'stream_options: only of use with stream: true', {
        path: 'stream_options',
      });
    return await answer(c, 'chatcmpl-', body, body, text, {
      whole: completionOf,
      events: (head, told, first, reader) =>
        chatChunks(head, told, first, reader, stream_options?.include_usage === true),
    });
  });

  app.post('/v1/responses', async (c) => {
    const { body, text } = await readOpenAiBody(c, ResponsesRequest);
    return await answer(c, 'resp_', body, asChat(body), text, {
      whole: (head, result) => responseOf(head, body, result),
      events: (head, told, first, reader) => responseEvents(head, body, told, first, reader),
    });
  });

  /** Has a request done and answers it: whole, or as it comes. */
  async function answer(
    c: Context<AppEnv>,
    prefix: string,
    { model, stream }: { readonly model: string; readonly stream?: boolean | null | undefined },
    chat: ChatBody,
    text: string,
    { whole, events }: Shape,
  ): Promise<Response> {
    const streamed = stream === true;
    const patience_ms = streamed ? DOOR_FIRST_WORD_MS : DOOR_WAIT_MS;
    const order = (agent: KeyedAgent) => chatOrder(chat, agent);
    const served = await serve(c, ports, sieves, model, order, `${c.req.path} ${text}`, patience_ms);
    const { job, first, reader, left } = served;
    const head = { id: `${prefix}${job.id}`, created: job.request.created_at, model };
    if (streamed) {
      const told = new StreamedText();
      return eventStream(
        c,
        events(head, told, first, reader),
        () => left(told.told !== ''),
        (error) => void broken(c, error),
      );
    }
    const gone = () => left(false);
    c.req.raw.signal.addEventListener('abort', gone);
    try {
      return c.json(whole(head, await resultOf(first, reader, job.id)));
    } finally {
      c.req.raw.signal.removeEventListener('abort', gone);
    }
  }
  return app;
}

/** How an endpoint says what a job came to. */
interface Shape {
  whole(head: AnswerHead, result: Result): object;
  events(
    head: AnswerHead,
    told: StreamedText,
    first: HeardNews | 'silent',
    reader: NewsReader,
  ): AsyncGenerator<string, void>;
}

/** An agent as OpenAI lists a model; `errand` says what OpenAI has no member for. */
function modelOf({ slug, name, description, prices, pubkey }: KeyedAgent) {
  return {
    id: slug,
    object: 'model' as const,
    // When an agent was made is not known.
    created: 0,
    owned_by: 'errand',
    errand: { name, description, pubkey, prices },
  };
}
