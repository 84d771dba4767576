/** Mail: out by the platform's `send_email` binding, in by its Email Routing. */
import { EmailMessage } from 'cloudflare:email';
import * as z from 'zod';
import { addressHash } from '../src/agent/team/mail/address-hash.ts';
import type { OutgoingMail } from '../src/agent/team/mail/mime.ts';
import { type IncomingMail, readMail } from '../src/agent/team/mail/read.ts';
import { type ReplyAddresses, replyAddresses } from '../src/agent/team/mail/reply-address.ts';
import { wishOf } from '../src/agent/team/mail/wishes.ts';
import {
  MAIL_HAND_OVER_ATTEMPTS,
  MAIL_HAND_OVER_BASE_MS,
  MAIL_HAND_OVER_MAX_MS,
  MAIL_MAX_BYTES,
} from '../src/limits.ts';
import { isOverloaded, type RetryPolicy, retryDelay } from '../src/retry.ts';
import { openDb } from '../src/store/db.ts';
import { findJobByPrefix } from '../src/store/jobs.ts';
import { noteAnswer, takeLeaveToAsk } from '../src/store/mail-addresses.ts';
import { configOf, type Env } from './env.ts';

/** What this Worker can do with mail. */
export interface MailDesk {
  /** MAIL_FROM. */
  readonly from: string;
  readonly replies: ReplyAddresses;
}

const desks = new WeakMap<Env, MailDesk>();

/** Null where mail is not set up: without MAIL_FROM, or without the binding. */
export function mailDesk(env: Env): MailDesk | null {
  const { mailFrom, masterSecret } = configOf(env);
  if (mailFrom === null || env.MAIL === undefined) return null;
  let desk = desks.get(env);
  if (desk === undefined) {
    desk = { from: mailFrom, replies: replyAddresses(masterSecret, mailFrom) };
    desks.set(env, desk);
  }
  return desk;
}

/** Leave to perform an `invitation` ({@link file://../src/agent/team/mail/correspondence.ts}). Repeat-safe by the job. */
export function mayInvite(env: Env, address: string, jobId: string): Promise<boolean> {
  return takeLeaveToAsk(openDb(env.DB), hashOf(env, address), jobId, Date.now());
}

/** Performs an `answer`. Repeat-safe. */
export async function rememberAnswer(env: Env, address: string, answer: 'yes' | 'no'): Promise<void> {
  await noteAnswer(openDb(env.DB), hashOf(env, address), answer, Date.now());
}

function hashOf(env: Env, address: string): string {
  return addressHash(configOf(env).masterSecret, address);
}

/** `sent`: the platform has taken it, and calls it `messageId`. `refused`: it never will; the code says why. */
export type MailSent =
  | { readonly type: 'sent'; readonly messageId: string }
  | { readonly type: 'refused'; readonly code: string };

/** Errors of the Email Service that another try does not change; the others pass. */
const FINAL =
  /^E_(VALIDATION_ERROR|FIELD_MISSING|TOO_MANY_RECIPIENTS|RECIPIENT_NOT_ALLOWED|RECIPIENT_SUPPRESSED|CONTENT_TOO_LARGE|HEADERS?_\w+)$/;
const refusal = z.object({ code: z.string().regex(FINAL) });

/**
 * Sends a mail. Not repeat-safe: the platform gives every mail a Message-ID of its own.
 *
 * @throws when the platform cannot take it now, or mail is not set up
 */
export async function sendMail(env: Env, mail: OutgoingMail): Promise<MailSent> {
  if (env.MAIL === undefined) throw new Error('there is no MAIL binding: see docs/operating.md');
  try {
    const { messageId } = await env.MAIL.send(new EmailMessage(mail.from, mail.to, mail.raw));
    // With or without its brackets, by version of the platform.
    return { type: 'sent', messageId: `<${messageId.replace(/^<|>$/g, '')}>` };
  } catch (error) {
    const refused = refusal.safeParse(error);
    if (!refused.success) throw error;
    return { type: 'refused', code: refused.data.code };
  }
}

const NOBODY =
  'Nothing here takes your words: the work has ended, or this is not the address its reports go to, or you have not asked for them (reply with the word yes)';

/** What a mail server makes of a Worker that throws is not promised, so little is left to it. */
const HAND_OVER: RetryPolicy = {
  attempts: MAIL_HAND_OVER_ATTEMPTS,
  baseMs: MAIL_HAND_OVER_BASE_MS,
  maxMs: MAIL_HAND_OVER_MAX_MS,
};

/**
 * Takes a mail to a run's own address to the session of the run. Whatever no run takes is rejected, so that its author
 * hears of it from their own mail server; what a machine wrote is dropped without a word.
 *
 * @param pause waits so many ms
 * @throws when it has to come again: the session or the database could not be reached
 */
export async function receiveMail(
  message: ForwardableEmailMessage,
  env: Env,
  pause: (ms: number) => Promise<void> = (ms) => scheduler.wait(ms),
): Promise<void> {
  const reason = await take(message, env, pause);
  if (reason !== null) message.setReject(reason);
}

/** @returns why the mail is refused, or null */
async function take(
  message: ForwardableEmailMessage,
  env: Env,
  pause: (ms: number) => Promise<void>,
): Promise<string | null> {
  const prefix = mailDesk(env)?.replies.read(message.to) ?? null;
  if (prefix === null) return 'No such address';
  // A null sender (RFC 5321 §4.5.5): a bounce.
  if (message.from === '' || message.from === '<>') return null;
  const raw = await bytesOf(message);
  if (raw === null) return `Larger than ${MAIL_MAX_BYTES} bytes: please answer without attachments`;
  const mail = await readMail(raw);
  if (mail === null) return 'This mail cannot be read';
  const wantsNone = wishOf(mail.text).wish === 'stop';
  // Programs that unsubscribe somebody may say that they are programs; to stop is never a risk.
  if (mail.automatic && !wantsNone) return null;
  if (mail.forged) return 'The sender of this mail could not be authenticated';
  if (await handedOver(() => steered(env, prefix, mail), pause)) return null;
  if (!wantsNone) return NOBODY;
  // The run has ended, and cannot take it down; it is kept all the same, so that no other run asks again.
  await handedOver(() => rememberAnswer(env, mail.from, 'no'), pause);
  return null;
}

/** Tries a few times; what is tried is repeat-safe, because a mail counts once by its Message-ID. */
async function handedOver<Value>(
  handOver: () => Promise<Value>,
  pause: (ms: number) => Promise<void>,
): Promise<Value> {
  for (let tries = 1; ; tries++) {
    try {
      return await handOver();
    } catch (error) {
      const delay_ms = isOverloaded(error) ? undefined : retryDelay(HAND_OVER, tries, Math.random());
      if (delay_ms === undefined) throw error;
      await pause(delay_ms);
    }
  }
}

async function steered(env: Env, prefix: string, mail: IncomingMail): Promise<boolean> {
  const job = await findJobByPrefix(openDb(env.DB), prefix);
  if (job === undefined) return false;
  const now_ms = Date.now();
  const heard = await env.SESSION.getByName(job.session).steerByMail(job.id, mail.from, {
    source: mail.source,
    // Of two orders the later counts: a clock that is ahead must not win for ever.
    sentAt_ms: Math.min(mail.sentAt_ms ?? now_ms, now_ms),
    text: mail.text,
  });
  return heard === 'taken';
}

/** The whole mail, or null when it is larger than may be. */
async function bytesOf({ raw, rawSize }: ForwardableEmailMessage): Promise<Uint8Array | null> {
  if (rawSize > MAIL_MAX_BYTES) return null;
  const bytes = new Uint8Array(await new Response(raw).arrayBuffer());
  return bytes.length > MAIL_MAX_BYTES ? null : bytes;
}
