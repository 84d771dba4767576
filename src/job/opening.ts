/** How a request that was taken and priced becomes a job: what it waits for, where its answers go. */
import { PUBLISH_MAX_RELAYS } from '../limits.ts';
import { EMBEDDED } from '../link/outbox.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { Placement } from './broker.ts';
import type { Inbox } from './inbox.ts';
import type { Live } from './live.ts';
import { openJob, rejectJob } from './machine.ts';
import type { SessionPorts } from './ports.ts';
import type { Priced } from './priced.ts';
import { againKey } from './resent.ts';
import { AT_REST } from './taking.ts';
import { CHECK, MONEY, type Transition } from './types.ts';
import { prerequisites } from './waiting.ts';

/** How a request came. */
export interface Came {
  readonly event: NostrEvent;
  readonly via: string;
  readonly placement: Placement;
}

/** The job and the first thing that is to be stored of it. */
export function newJob(
  ports: Pick<SessionPorts, 'clock' | 'timeLimit_ms' | 'namedTargets'>,
  { request, body, verified, failure, money, again }: Priced,
  { event, via, placement }: Came,
  unfinished: Iterable<Live>,
  inbox: Inbox,
): { readonly live: Live; readonly opened: Transition } {
  const { envelope } = request;
  const now_ms = ports.clock();
  const owed = money !== null && !money.reserved ? [MONEY] : [];
  const checked = verified === null ? [] : [CHECK];
  const needs =
    again === null
      ? [...checked, ...owed, ...(body === null ? [] : prerequisites(body, envelope.session, unfinished))]
      : [againKey(again)];
  const opening = {
    id: envelope.id,
    startBy_ms: envelope.expiresAt_s === null ? null : envelope.expiresAt_s * 1000,
    timeLimit_ms: ports.timeLimit_ms,
    waitingFor: body === null ? [] : needs,
  };
  const opened = failure === null ? openJob(opening, now_ms) : rejectJob(opening, failure, now_ms);
  const named = ports.namedTargets(request);
  const read = named.length > 0 ? [] : inbox.known(now_ms);
  const record = {
    job: opened.job,
    request: event,
    turn: placement.turn,
    erased: null,
    via,
    targets: [...new Set([EMBEDDED, via, ...named, ...(read ?? [])])].slice(0, PUBLISH_MAX_RELAYS),
    lookup: read === null,
    outbox: [],
    money,
    again: null,
    kept: null,
    inputs: {},
    grace: null,
    passOn: false,
    unprojected: false,
    resultId: null,
    wraps: envelope.sealing === 'giftwrap' ? [event.id] : [],
  };
  return { live: { request, body, verified, ...AT_REST, record }, opened };
}
