/**
 * A failure of the binding of Workers AI as our own error. Its errors have no status, but begin with a code of
 * https://developers.cloudflare.com/workers-ai/platform/errors/ (`5007: No such model`), some behind a class name.
 */
import { JobError } from '../../errors.ts';
import { type ProviderAnswer, statusFailure } from './provider-status.ts';

const CODE = /^(?:\w{1,40}: ){0,2}(\d{4}):/;

/** What each code means, as another provider would say it. 5006 is no part of that page: it refuses a question by its schema. */
const MEANINGS: ReadonlyMap<string, Pick<ProviderAnswer, 'status' | 'code'>> = new Map([
  ['3003', { status: 400 }],
  ['5004', { status: 400 }],
  ['5005', { status: 400 }],
  ['5006', { status: 400 }],
  ['3006', { status: 413 }],
  ['3007', { status: 408 }],
  ['3008', { status: 408 }],
  ['3023', { status: 403 }],
  ['3041', { status: 403 }],
  ['5016', { status: 403 }],
  ['5018', { status: 403 }],
  ['5019', { status: 403 }],
  ['3039', { status: 404 }],
  ['3042', { status: 404 }],
  ['5007', { status: 404 }],
  // The daily allowance is used up.
  ['3036', { status: 429, code: 'insufficient_quota' }],
  // No capacity anywhere at the moment; for how long nobody says.
  ['3040', { status: 503 }],
]);

/** Nothing of the binding's text goes on: it quotes the account and the request. @param now_ms Unix ms */
export function bindingFailure(error: unknown, now_ms: number): JobError {
  const name = error instanceof Error ? error.name : typeof error;
  const code = error instanceof Error ? CODE.exec(error.message)?.[1] : undefined;
  const meaning = code === undefined ? undefined : MEANINGS.get(code);
  if (meaning === undefined) {
    return new JobError('SERVICE_UNAVAILABLE', 'the model provider refused the request', undefined, {
      cause: name,
    });
  }
  return statusFailure({ ...meaning, cause: `${name} ${code}` }, now_ms);
}
