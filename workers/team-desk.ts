/** The desk of a session whose agent is a team, with its ways to runner, relays and mail. */
import { nip19 } from 'nostr-tools';
import { TeamDesk } from '../src/agent/team/desk/desk.ts';
import type { PostPorts } from '../src/agent/team/desk/post.ts';
import { namesBudget, readTeamOrder } from '../src/agent/team/request.ts';
import type { Moved } from '../src/job/long-work.ts';
import type { KeyedAgent } from '../src/protocol/agent.ts';
import { directMessage } from '../src/protocol/direct-message.ts';
import type { Sql } from '../src/store/sql.ts';
import { dmRelaysOf } from './dm-relays.ts';
import type { Env } from './env.ts';
import { faultPoint } from './faults.ts';
import { type MailSent, mailDesk, mayInvite, rememberAnswer, sendMail } from './mail.ts';
import { marketplaceOf } from './marketplace.ts';
import { verifiedTerms } from './verified-terms.ts';

/**
 * @param parties public keys of agent and client, from the session's name
 * @param move feeds a change of a run back to the session
 * @returns null when the agent is no team, or not here any more
 */
export function teamDesk(
  env: Env,
  ctx: DurableObjectState,
  sql: Sql,
  parties: { readonly agent: string; readonly client: string },
  move: (jobId: string, how: () => Moved | null) => void,
): TeamDesk | null {
  const marketplace = marketplaceOf(env);
  const agent = marketplace.agentByPubkey(parties.agent);
  if (agent?.runtime !== 'team') return null;
  const { config } = marketplace;
  const keys = marketplace.keysOf(agent);
  // Its owner may change a listed team while its sessions live; a run under way keeps what it was begun with.
  const now = () => {
    const here = marketplaceOf(env);
    const current = here.agentByPubkey(parties.agent) ?? agent;
    return { prices: current.prices, definition: here.teamOf(current) };
  };
  const session = ctx.id.name ?? '';
  return new TeamDesk(sql, {
    clock: Date.now,
    open({ envelope, body, history }) {
      const terms = verifiedTerms(marketplace, envelope.client, body.contract);
      const check = terms === null ? null : { spec: terms.verify, hidden: terms.revealed };
      const { definition, prices } = now();
      return readTeamOrder(definition, prices, body, history, check);
    },
    async order(jobId, number, attempt) {
      await env.STEPS.send({ session, jobId, attempt, number });
    },
    directMessage: (text) =>
      directMessage(keys, parties.client, text, { subject: agent.name }, Math.floor(Date.now() / 1_000)),
    isOrder: (body) => namesBudget(now().definition, body),
    get most_msats() {
      return now().definition.budget.most_msats;
    },
    inbox: () => dmRelaysOf(env, parties.client),
    move,
    random: Math.random,
    defer: (work) => ctx.waitUntil(work),
    mail: postPorts(env, agent, parties.client),
    urlOf: (jobId, sha256) => `${config.publicUrl}/jobs/${jobId}/artifact/${sha256}`,
    log: (what, jobId, error) => console.error(what, jobId, error),
  });
}

/** Null where mail is not set up. */
function postPorts(env: Env, agent: KeyedAgent, client: string): PostPorts | null {
  const mail = mailDesk(env);
  if (mail === null) return null;
  const headOf = (job: string, to: string) => ({
    from: mail.from,
    to,
    replyTo: mail.replies.of(job),
    team: agent.name,
    job,
  });
  return {
    async invite(jobId, address) {
      if (!(await mayInvite(env, address, jobId))) return null;
      const { publicUrl } = marketplaceOf(env).config;
      const { composeInvitation } = await import('../src/agent/team/mail/compose.ts');
      const invitation = { client: nip19.npubEncode(client), publicUrl, at_ms: Date.now() };
      const sent = await sendMail(env, await composeInvitation(headOf(jobId, address), invitation));
      await faultPoint(env, 'T5', jobId);
      return refusedOr(sent, jobId);
    },
    async report(jobId, address, report, thread) {
      const { composeReportMail } = await import('../src/agent/team/mail/compose.ts');
      const sent = await sendMail(env, await composeReportMail(headOf(jobId, address), report, thread));
      await faultPoint(env, 'T5', jobId);
      refusedOr(sent, jobId);
    },
    remember: (address, answer) => rememberAnswer(env, address, answer),
  };
}

/** The Message-ID a mail went out under; null when it never will, which the operator should know. */
function refusedOr(sent: MailSent, jobId: string): string | null {
  if (sent.type === 'sent') return sent.messageId;
  console.warn('a mail was refused for good', jobId, sent.code);
  return null;
}
