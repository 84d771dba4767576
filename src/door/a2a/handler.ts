/** A2A's operations on jobs. The SDK's transports stand before it, for version 1.0 and 0.3 of the protocol. */
import type {
  CancelTaskRequest,
  GetTaskRequest,
  SendMessageRequest,
  StreamResponse,
  SubscribeToTaskRequest,
  Task,
} from '@a2a-js/sdk';
import type { A2ARequestHandler } from '@a2a-js/sdk/server';
import { JobError } from '../../errors.ts';
import { A2A_WAIT_MS } from '../../limits.ts';
import type { KeyedAgent } from '../../protocol/agent.ts';
import { type Desk, heard, type Watched } from '../desk.ts';
import type { Purse } from '../purse.ts';
import { StreamedText, TextChanged } from '../text.ts';
import { asksCaller, hasEnded, type JobView } from '../view.ts';
import type { A2aSdk } from './sdk.ts';
import { artifactUpdate, statusUpdate, type TaskFacts, taskOf } from './task.ts';
import { contentOf, wishOf } from './wish.ts';

export interface A2aDoor extends TaskFacts {
  readonly desk: Desk;
  readonly sdk: A2aSdk;
  /** Whose door it is; null for the marketplace's. */
  readonly agent: KeyedAgent | null;
  readonly caller: Purse;
  /** The card of this door, as it is served. */
  readonly card: object;
  /** Asked before a job is posted. @throws JobError for who has posted enough */
  admit(): void;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
}

export function a2aHandler(door: A2aDoor): A2ARequestHandler {
  const { desk, sdk, agent, caller, card } = door;
  const { errors } = sdk;
  const noPush = () => Promise.reject(new errors.PushNotificationNotSupportedError());
  const served = () => Promise.resolve(sdk.AgentCard.fromJSON(card));

  /** Posts what a message asks for, or says it to the task it belongs to. */
  async function begin(params: SendMessageRequest, signal: AbortSignal): Promise<Watched> {
    const taskId = params.message?.taskId ?? '';
    if (taskId !== '') return await goOn(taskId, params, signal);
    door.admit();
    const context = params.message?.contextId ?? '';
    const session = context === '' ? desk.callers.newSecret() : context;
    return await desk.post(caller, wishOf(params, desk.door.agents, agent, session), signal);
  }

  /** A message to a task that is under way: words to a team; to one that waits to be paid, that it was. */
  async function goOn(taskId: string, params: SendMessageRequest, signal: AbortSignal): Promise<Watched> {
    const now = await desk.look(caller, taskId);
    if (hasEnded(now)) throw new errors.UnsupportedOperationError('the task is over');
    if (now.state !== 'payment-required') await desk.say(caller, taskId, contentOf(params.message).text);
    return { ...(await desk.follow(caller, taskId, signal)), through: true };
  }

  async function* told(watched: Watched): AsyncGenerator<StreamResponse, void> {
    yield { payload: { $case: 'task', value: taskOf(watched.view, door) } };
    const text = new StreamedText();
    for await (const { view, news } of heard(watched)) {
      if (news.type === 'delta') {
        const piece = text.delta(news);
        if (piece !== '') yield artifactUpdate(view, piece, { append: text.told !== piece, last: false });
        continue;
      }
      if (news.type === 'result') yield lastPiece(view, text, news.content);
      yield statusUpdate(view, door);
      if (asksCaller(view)) return;
    }
  }

  return {
    getAgentCard: served,
    getAuthenticatedExtendedAgentCard: () =>
      Promise.reject(new errors.ExtendedAgentCardNotConfiguredError('there is one card for all')),

    async sendMessage(params) {
      return await asked(sdk, async (): Promise<Task> => {
        const now = params.configuration?.returnImmediately === true;
        const signal = AbortSignal.any([door.signal, AbortSignal.timeout(A2A_WAIT_MS)]);
        const watched = await begin(params, signal);
        if (now) {
          await watched.news.return();
          return taskOf(watched.view, door);
        }
        let last = watched.view;
        for await (const { view } of heard(watched)) {
          last = view;
          if (asksCaller(view)) break;
        }
        return taskOf(last, door);
      });
    },

    async *sendMessageStream(params) {
      yield* told(await asked(sdk, () => begin(params, door.signal)));
    },

    getTask: ({ id }: GetTaskRequest) => asked(sdk, async () => taskOf(await desk.look(caller, id), door)),

    async *resubscribe({ id }: SubscribeToTaskRequest) {
      const now = await asked(sdk, () => desk.look(caller, id));
      if (hasEnded(now)) throw new errors.UnsupportedOperationError('the task is over: get it');
      const watched = await asked(sdk, () => desk.follow(caller, id, door.signal));
      yield* told({ ...watched, view: now, through: true });
    },

    cancelTask: ({ id }: CancelTaskRequest) =>
      asked(sdk, async () => {
        const now = await desk.look(caller, id);
        // To call off what is over would erase it, which is not what was asked.
        if (hasEnded(now)) throw new errors.TaskNotCancelableError('the task is over');
        await desk.cancel(caller, id);
        const watched = await desk.follow(caller, id, AbortSignal.timeout(A2A_WAIT_MS));
        let last = now;
        for await (const { view } of heard({ ...watched, through: true })) last = view;
        return taskOf(last, door);
      }),

    listTasks: () =>
      Promise.reject(
        new errors.UnsupportedOperationError('tasks are known by their ids, and listed for nobody'),
      ),
    createTaskPushNotificationConfig: noPush,
    getTaskPushNotificationConfig: noPush,
    listTaskPushNotificationConfigs: noPush,
    deleteTaskPushNotificationConfig: noPush,
  };
}

/** The rest of the answer; the whole of it where another attempt wrote another one. */
function lastPiece(view: JobView, text: StreamedText, content: string): StreamResponse {
  const append = text.told !== '';
  try {
    return artifactUpdate(view, text.result(content), { append, last: true });
  } catch (error) {
    if (!(error instanceof TextChanged)) throw error;
    return artifactUpdate(view, content, { append: false, last: true });
  }
}

/** Does something, and says what went wrong of it in the protocol's errors. */
async function asked<Result>({ errors }: A2aSdk, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    const { code, message, details } = error;
    const said = `${code}: ${message}${details === undefined ? '' : ` ${JSON.stringify(details)}`}`;
    if (code === 'NOT_FOUND') throw new errors.TaskNotFoundError(said);
    if (code === 'RATE_LIMIT_EXCEEDED' || code === 'SERVICE_UNAVAILABLE' || code === 'AGENT_ERROR')
      throw new errors.A2AError(said);
    throw new errors.RequestMalformedError(said);
  }
}
