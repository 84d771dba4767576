/** What a door orders of an agent, and the signed request it becomes: the agent NIP's, encrypted (PROTOCOL §2, §5). */
import { JobError, type Json } from '../errors.ts';
import { ENCRYPTED_MAX_BYTES } from '../limits.ts';
import type { Tag, VerifiedEvent } from '../nostr/event.ts';
import { signAs } from '../nostr/event.ts';
import type { AgentKinds } from '../nostr/kinds.ts';
import { encryptNip44 } from '../nostr/nip44.ts';
import type { KeyedAgent } from '../protocol/agent.ts';
import { agentNip } from '../protocol/agent-nip.ts';
import { NIP_VERSION } from '../protocol/dialect.ts';
import type { JsonObject } from '../protocol/json.ts';
import type { JobBody } from '../protocol/model.ts';
import { utf8Bytes } from '../protocol/size.ts';
import { checkBody } from '../protocol/validate.ts';
import type { Purse } from './purse.ts';

export interface Order {
  readonly agent: KeyedAgent;
  /** The `request` JSON of the agent NIP: `messages`, `parameters`, `tools`, `response_format`, `model`. */
  readonly request: JsonObject;
  /** Contract with its check (PROTOCOL §6); absent or null for none. */
  readonly contract?: Json;
  /** The conversation it belongs to; absent for a single job. */
  readonly session?: string;
  /** Not started by then it ends as TIMEOUT, Unix s. */
  readonly startBy_s?: number;
}

/**
 * What the agent will be asked for, checked as its session will check it.
 *
 * @throws JobError BAD_REQUEST, INVALID_PARAMETER, NOT_FOUND or CONTENT_TOO_LARGE, naming the JSON path
 */
export function bodyOf(order: Order, kinds: AgentKinds): JobBody {
  const dialect = agentNip(kinds);
  const event = {
    id: '',
    pubkey: '',
    kind: kinds.task,
    created_at: 0,
    tags: privateTags(order),
    content: '',
  };
  const body = dialect.body(event, dialect.envelope(event), () => '');
  return checkBody(body, order.agent, 'agent');
}

/**
 * Signs the request with the purse's key. Nothing of what is asked can be read on a relay.
 *
 * @param now_s Unix s
 * @param relay URL of the embedded relay: the only one that answers go to
 * @throws JobError CONTENT_TOO_LARGE when no relay would take it encrypted
 */
export function requestEvent(
  order: Order,
  purse: Purse,
  { kinds, now_s, relay }: { readonly kinds: AgentKinds; readonly now_s: number; readonly relay: string },
): VerifiedEvent {
  const { agent, session, startBy_s } = order;
  const told = JSON.stringify(privateTags(order));
  const bytes = utf8Bytes(told);
  if (bytes > ENCRYPTED_MAX_BYTES) {
    throw new JobError('CONTENT_TOO_LARGE', `the request has ${bytes} bytes, and a relay takes fewer`, {
      limit_bytes: ENCRYPTED_MAX_BYTES,
      actual_bytes: bytes,
    });
  }
  const tags: Tag[] = [
    ['p', agent.pubkey],
    ...(session === undefined ? [] : [['t', session]]),
    ...(startBy_s === undefined ? [] : [['expiration', String(startBy_s)]]),
    ['relays', relay],
    ['nip_version', NIP_VERSION],
    ['encrypted'],
  ];
  const content = encryptNip44(told, purse.keys, agent.pubkey);
  return signAs({ kind: kinds.task, created_at: now_s, tags, content }, purse.keys);
}

function privateTags({ request, contract }: Order): Tag[] {
  const tags: Tag[] = [['request', JSON.stringify(request)]];
  if (contract !== undefined && contract !== null)
    tags.push(['contract', typeof contract === 'string' ? contract : JSON.stringify(contract)]);
  return tags;
}
