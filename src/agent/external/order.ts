/** A job as it is handed on to an agent that lives on Nostr: the same request, in the dialect it understands. */
import type { Json } from '../../errors.ts';
import type { Assignment } from '../../job/assignment.ts';
import { type Msats, msats, splitFee } from '../../payment/msats.ts';
import type { ExternalSettings } from '../../protocol/agent.ts';
import type { HireWay } from '../hire/desk.ts';
import { textOf } from '../messages.ts';

/** The request of the sub-job. Its session is ours: the conversation so far goes along as messages. */
export function wayOf({ dialect, kind }: ExternalSettings, { envelope, body, history }: Assignment): HireWay {
  const messages = [...history, ...body.messages];
  const referenced = body.inputs.map(({ value }) => ({ role: 'user', content: value }));
  const plain: Json = JSON.parse(JSON.stringify([...messages, ...referenced]));
  const request = {
    messages: plain,
    ...(Object.keys(body.parameters).length === 0 ? {} : { parameters: body.parameters }),
    ...(body.outputFormat === null ? {} : { response_format: body.outputFormat }),
  };
  const tags = [
    ...messages.map((message) => ['i', textOf(message), 'text']),
    ...body.inputs.map(({ type, value, relay }) => [
      'i',
      value,
      type,
      ...(relay === undefined ? [] : [relay]),
    ]),
    ...Object.entries(body.parameters).map(([name, value]) => [
      'param',
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
    ...(typeof body.outputFormat === 'string' ? [['output', body.outputFormat]] : []),
  ];
  return { dialect, kind, request, tags, sealed: envelope.sealing !== 'none' };
}

/**
 * The most it may be paid: what its listing names, out of what its client has paid, less the operator's fee. A price that was
 * changed since the job was quoted changes nothing.
 *
 * @param funded_msats what is set aside for the job
 * @param feeParts the operator's, in millionths
 */
export function mostFor({ most_msats }: ExternalSettings, funded_msats: number, feeParts: number): Msats {
  const { payout } = splitFee(msats(funded_msats), feeParts);
  const most = msats(most_msats);
  // Amounts are bigints, which Math.min does not take.
  if (most > payout) return payout;
  return most;
}
