/** A session's ways to the world: keys, relays, links, record, runner. */
import { readCodeOrder } from '../src/agent/code/order.ts';
import { isSlow, runtimeFor } from '../src/agent/runtimes.ts';
import { readTeamOrder } from '../src/agent/team/request.ts';
import { prove } from '../src/checks/proof.ts';
import { statementOf } from '../src/checks/statement.ts';
import { validateCheck } from '../src/checks/validate.ts';
import { normalizeRelayUrl } from '../src/config.ts';
import { JobError, type JobFailure } from '../src/errors.ts';
import { admit } from '../src/job/admission.ts';
import type { LongWork } from '../src/job/long-work.ts';
import type { SessionPorts } from '../src/job/ports.ts';
import { LeaveHeld } from '../src/job/quota.ts';
import { CHECK_PATIENCE_MS, JOB_MAX_RELAYS, JOB_RETRACTION_PAGE } from '../src/limits.ts';
import { EMBEDDED } from '../src/link/outbox.ts';
import { type KeyPair, signAs, type VerifiedEvent } from '../src/nostr/event.ts';
import { KIND } from '../src/nostr/kinds.ts';
import { toPlainEntry } from '../src/payment/ledger.ts';
import { operatorWallet } from '../src/payment/operator-wallet.ts';
import { preimageVault } from '../src/payment/vault.ts';
import { dialectNamed } from '../src/protocol/dialects.ts';
import type { JobBody, Request } from '../src/protocol/model.ts';
import { isFree } from '../src/protocol/prices.ts';
import { openerFor, openRequest, seal } from '../src/protocol/sealing.ts';
import { utf8Bytes } from '../src/protocol/size.ts';
import { checkBody } from '../src/protocol/validate.ts';
import { verdictEvent } from '../src/protocol/verdict.ts';
import { sandboxExecutor } from '../src/sandbox/executor.ts';
import { remoteSandbox } from '../src/sandbox/remote.ts';
import { openDb } from '../src/store/db.ts';
import { upsertJobs } from '../src/store/jobs.ts';
import { isBlocked } from './blocked.ts';
import { brokerOf } from './broker.ts';
import { chainedResult } from './chained.ts';
import type { Env } from './env.ts';
import { faultPoint } from './faults.ts';
import { mailDesk } from './mail.ts';
import { type Marketplace, marketplaceOf } from './marketplace.ts';
import { quoteOf } from './quotes.ts';
import { publishTo, readRelaysOf } from './relays.ts';
import { eventSearch } from './search.ts';
import { checkTerms } from './verified-terms.ts';
import { walletOf } from './wallet.ts';

/** The operator took the agent away while it still had jobs: nobody can sign for it until it is back. */
export class AgentGone extends Error {
  override readonly name = 'AgentGone';

  constructor() {
    super('this session is of an agent that is not here any more');
  }
}

/**
 * @param parties public keys of agent and client, from the session's name
 * @param longWork the desk of the session's team runs; null for agents that work in steps
 * @param forget lets go of what the work on a job kept in the object
 * @param cleared called when the object's storage was emptied, so that its schema has to be made anew
 * @throws AgentGone
 */
export function sessionPorts(
  env: Env,
  ctx: DurableObjectState,
  parties: { readonly agent: string; readonly client: string },
  longWork: LongWork | null,
  forget: (jobId: string) => void,
  cleared: () => void,
): SessionPorts {
  const marketplace = marketplaceOf(env);
  const { config } = marketplace;
  const first = marketplace.agentByPubkey(parties.agent);
  if (first === undefined) throw new AgentGone();
  const keys = marketplace.keysOf(first);
  const { slug } = first;
  // Owners change what they list while its sessions live: each job is taken by what is true then.
  const now = () => marketplaceOf(env).agentByPubkey(parties.agent) ?? first;
  const session = ctx.id.name ?? '';
  const account = env.ACCOUNT.getByName(parties.client);
  const anonymous = new LeaveHeld((want) => account.take(slug, now().rateLimits.anonymousPerHour, want));
  const authenticated = new LeaveHeld((want) =>
    account.take(slug, now().rateLimits.authenticatedPerHour, want),
  );
  // In the books a name that is listed again is another one.
  const bookName = first.listed === undefined ? slug : `${slug}~${first.listed.id.slice(0, 8)}`;
  const vault = preimageVault(config.masterSecret);
  const db = openDb(env.DB);
  const events = eventSearch(env);
  const sandbox = remoteSandbox(env.SANDBOX);
  const executor = sandboxExecutor(sandbox);

  return {
    clock: Date.now,
    random: Math.random,
    get timeLimit_ms() {
      return longWork === null ? now().timeLimit_ms : null;
    },
    names: { session, agent: slug, client: parties.client },

    read(event) {
      const request = openRequest(event, keys, config.kinds);
      if (request === null) throw new JobError('BAD_REQUEST', 'this event holds no request to this agent');
      return request;
    },
    body(request) {
      const agent = now();
      const dialect = dialectNamed(request.envelope.dialect, config.kinds);
      const body = dialect.body(request.event, request.envelope, openerFor(keys, request.envelope.client));
      const terms = checkTerms(marketplace, agent, request.envelope.client, body.contract);
      const told = terms === null ? body : withStatement(body, statementOf(terms.open.check));
      const checked = checkBody(told, agent, request.envelope.dialect);
      // What is wrong with an order is told before it is paid for.
      if (agent.runtime === 'code' && checked.inputs.length === 0) readCodeOrder(checked);
      if (agent.runtime === 'team') {
        const { mail } = readTeamOrder(marketplaceOf(env).teamOf(agent), agent.prices, checked);
        if (mail !== null && mailDesk(env) === null) throw noMail();
      }
      return checked;
    },
    verified: (request, body) => checkTerms(marketplace, now(), request.envelope.client, body.contract),
    checks: {
      validate: (open) => validateCheck(open, executor, AbortSignal.timeout(CHECK_PATIENCE_MS)),
      judge: (open, result) =>
        prove(open, result, executor, AbortSignal.timeout(CHECK_PATIENCE_MS), Date.now),
    },
    broker: brokerOf(env),
    verdict(account, request, now_s) {
      const { kinds } = config;
      const template = verdictEvent(account, request.envelope, kinds.verdict, parties.agent, now_s);
      return seal(template, request, marketplace.ownKeys);
    },
    answer(report, request, now_s) {
      const dialect = dialectNamed(request.envelope.dialect, config.kinds);
      return dialect.render(report, request, now_s).map((template) => seal(template, request, keys));
    },

    async admit(request, proved, openJobs): Promise<JobFailure | null> {
      const keptOut = await isBlocked(env, request.envelope.client);
      const leave = proved.includes(request.envelope.client) ? authenticated : anonymous;
      const applicant = { request, authenticated: proved, openJobs, keptOut };
      return await admit(config, now(), applicant, leave, Date.now());
    },
    quote(body, history) {
      return quoteOf(marketplaceOf(env), now(), body, utf8Bytes(JSON.stringify(history)));
    },
    // A listed agent may have a price later.
    money:
      isFree(first.prices) && (first.listed === undefined || operatorWallet(config) === null)
        ? null
        : {
            get methods() {
              return now().paymentMethods;
            },
            get terms() {
              return { shares: now().owners, feeParts: config.feeParts };
            },
            nameOf: (jobId) => `${bookName}:${jobId}`,
            wallet: walletOf(env),
            bind: (paymentHash, purpose) => env.WALLET.getByName('main').bind(paymentHash, purpose),
            watch: (paymentHash, jobId, expiresAt_s) =>
              env.WALLET.getByName('main').watch(paymentHash, session, jobId, expiresAt_s * 1000),
            post: (entries) => account.post(entries.map(toPlainEntry)),
            lend: (job, max) => account.lend(job, max.toString()),
            owe: (job, max, price, terms) => account.owe(job, max.toString(), price.toString(), terms),
            abandon: (job) => account.abandon(job),
            newSecret: () => vault.create(),
            openSecret: (sealed) => vault.open(sealed),
          },
    namedTargets: (request) => namedTargets(marketplace, request),
    readRelays: (client, via) => readRelaysOf(env, client, via),

    // The runtime of a listing cannot be changed.
    work: isSlow(first.runtime)
      ? null
      : (assignment, signal, tell) =>
          runtimeFor(first.runtime, { model: null, sandbox }).run(
            { agent: now(), ...assignment },
            {
              now: Date.now,
              signal,
              events,
              progress: async (done, total, note) => tell({ type: 'progress', done, total, note }),
              // What is done in a moment is not streamed: its result follows at once and is complete.
              delta: async () => undefined,
            },
          ),
    longWork,
    order: async (jobId, attempt, delay_ms) => {
      // Queues count whole seconds.
      await env.STEPS.send({ session, jobId, attempt }, { delaySeconds: Math.round(delay_ms / 1_000) });
    },
    chained: (jobId) => chainedResult(env, jobId),

    publish: (target, events) => publishTo(env, target, events),
    withdraw: (ids) => env.RELAY.getByName('main').withdraw(ids),
    retraction: async (jobId) =>
      (await retraction(env, keys, jobId)) ?? (await retraction(env, marketplace.ownKeys, jobId)),
    project: (records) => upsertJobs(db, records),

    wakeAt: (at_ms) => ctx.waitUntil(ctx.storage.setAlarm(at_ms)),
    forget,
    clearAll() {
      cleared();
      ctx.waitUntil(ctx.storage.deleteAll());
    },
    defer: (work) => ctx.waitUntil(work),
    delay: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    fault: (point, about) => faultPoint(env, point, about),
    log: (what, jobId, error) => console.error(what, jobId, error),
  };
}

function withStatement(body: JobBody, statement: string): JobBody {
  return { ...body, messages: [...body.messages, { role: 'user', content: statement }] };
}

function noMail(): JobError {
  const path = '$.parameters.mail';
  return new JobError('INVALID_PARAMETER', `${path}: this marketplace sends no mail`, { path });
}

/** The relays a request names, in one spelling; our own relay by its name. */
function namedTargets({ ownRelays }: Marketplace, request: Request): string[] {
  const urls = request.envelope.relays
    .filter((url) => URL.canParse(url) && /^wss?:$/.test(new URL(url).protocol))
    .map(normalizeRelayUrl);
  const others = [...new Set(urls)].filter((url) => !ownRelays.has(url)).slice(0, JOB_MAX_RELAYS);
  // A request that names only us has said where it wants its answers.
  return urls.length > others.length && others.length === 0 ? [EMBEDDED] : others;
}

/** A deletion (NIP-09) of what the embedded relay knows we said of a job by these keys, the newest of it where it is much. */
async function retraction(env: Env, keys: KeyPair, jobId: string): Promise<VerifiedEvent | null> {
  const answers = await env.RELAY.getByName('main').query(
    [{ '#e': [jobId], authors: [keys.publicKey] }],
    JOB_RETRACTION_PAGE,
  );
  if (answers.length === 0) return null;
  const kinds = [...new Set(answers.map((event) => event.kind))];
  const tags = [...answers.map((event) => ['e', event.id]), ...kinds.map((kind) => ['k', String(kind)])];
  const template = {
    kind: KIND.deletion,
    created_at: Math.floor(Date.now() / 1000),
    tags,
    content: 'erased at the client’s request',
  };
  return signAs(template, keys);
}
