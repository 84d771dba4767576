/** The OpenAI door: the agents of this marketplace as models, for clients that know nothing of Nostr (docs/doors.md). */
import { type Context, Hono } from 'hono';
import type { KeyedAgent } from '../../agent/definition.ts';
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
import { resultOf } from '../openai/answer.ts';
import { readOpenAiBody } from '../openai/body.ts';
import { chatChunks, completionOf } from '../openai/chat-answer.ts';
import { ChatRequest, chatOrder } from '../openai/chat-request.ts';
import { openAiProblem } from '../openai/errors.ts';
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
    const streamed = body.stream === true;
    if (!streamed && body.stream_options !== undefined && body.stream_options !== null)
      throw new JobError('BAD_REQUEST', 'stream_options: only of use with stream: true', {
        path: 'stream_options',
      });
    const patience_ms = streamed ? DOOR_FIRST_WORD_MS : DOOR_WAIT_MS;
    const order = (agent: KeyedAgent) => chatOrder(body, agent);
    const served = await serve(c, ports, sieves, body.model, order, text, patience_ms);
    const { job, first, reader, left } = served;
    const head = { id: `chatcmpl-${job.id}`, created: job.request.created_at, model: body.model };
    if (!streamed) {
      const gone = () => left(false);
      c.req.raw.signal.addEventListener('abort', gone);
      const result = await resultOf(first, reader, job.id);
      c.req.raw.signal.removeEventListener('abort', gone);
      return c.json(completionOf(head, result));
    }
    const told = new StreamedText();
    const chunks = chatChunks(head, told, first, reader, body.stream_options?.include_usage === true);
    return eventStream(
      c,
      chunks,
      () => left(told.told !== ''),
      (error) => void broken(c, error),
    );
  });
  return app;
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
