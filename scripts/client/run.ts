/** One job over one relay: subscribe, publish, hand on what answers until it ends. */
import type { Event } from 'nostr-tools/core';
import { Relay } from 'nostr-tools/relay';
import { DEFAULT_AGENT_KINDS } from '../../src/nostr/kinds.ts';
import { type Answer, answerKinds } from '../../src/protocol/answers.ts';
import { type JobRequest, readOwnAnswer, signRequest } from './request.ts';

/** The job did not end well; `code` is one of PROTOCOL §2, or RELAY when the relay would not take the request. */
export class JobFailed extends Error {
  override readonly name = 'JobFailed';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface Outcome {
  readonly request: Event;
  readonly result: Event;
  readonly content: string;
  /** By which the result is still to be paid; null where it is not. */
  readonly invoice: string | null;
}

export interface RunOptions {
  readonly relay: string;
  readonly secretKey: Uint8Array;
  readonly timeout_ms: number;
  /** Everything that arrives before the end. */
  readonly onAnswer: (answer: Answer, event: Event) => void;
}

/**
 * Posts a request and waits for its result. Only the agent asked may answer, where one was named.
 *
 * @throws JobFailed with the agent's coded error, TIMEOUT, or what the relay said
 */
export async function runJob(request: JobRequest, options: RunOptions): Promise<Outcome> {
  const event = signRequest(request, options.secretKey, Math.floor(Date.now() / 1000));
  const relay = await Relay.connect(options.relay).catch((error: unknown) => {
    throw new JobFailed('RELAY', `cannot connect to ${options.relay}: ${String(error)}`, { cause: error });
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Outcome>((resolve, reject) => {
      timer = setTimeout(
        () => reject(new JobFailed('TIMEOUT', `no result within ${options.timeout_ms / 1000} s`)),
        options.timeout_ms,
      );
      const filter = {
        kinds: answerKinds(request.kind, DEFAULT_AGENT_KINDS),
        '#e': [event.id],
        ...(request.agent === null ? {} : { authors: [request.agent] }),
      };
      relay.subscribe([filter], {
        onevent(answerEvent) {
          try {
            const answer = readOwnAnswer(answerEvent, request, options.secretKey);
            if (answer.type === 'result')
              resolve({
                request: event,
                result: answerEvent,
                content: answer.content,
                invoice: answer.invoice,
              });
            else if (answer.type === 'error') reject(new JobFailed(answer.code, answer.message));
            else options.onAnswer(answer, answerEvent);
          } catch (error) {
            reject(error);
          }
        },
        onclose: (reason) => reject(new JobFailed('RELAY', `the relay closed the subscription: ${reason}`)),
      });
      relay.publish(event).catch((error: unknown) => {
        reject(
          new JobFailed('RELAY', error instanceof Error ? error.message : String(error), { cause: error }),
        );
      });
    });
  } finally {
    clearTimeout(timer);
    relay.close();
  }
}
