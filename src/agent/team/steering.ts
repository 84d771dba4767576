/**
 * A user's message takes effect: orders at once, words as directives from the next step on, or as the answer to what
 * was asked. Each message counts once. Messages may come in any order: of two orders of one kind the one written later
 * holds, whichever came first.
 */
import {
  TEAM_MAX_MAIL_CHARS,
  TEAM_MAX_MESSAGE_BYTES,
  TEAM_MAX_MESSAGE_CHARS,
  TEAM_MAX_MESSAGES,
} from '../../limits.ts';
import { cutToBytes } from '../../protocol/size.ts';
import { close } from './ending.ts';
import type { Command } from './feedback/commands.ts';
import { type Directive, direct, type Message, namesOther } from './feedback/directives.ts';
import { readFeedback } from './feedback/read.ts';
import { answer, openQuestions } from './questions.ts';
import { describe } from './report/describe.ts';
import { announce, change, record, type Turn, toReporter } from './turn.ts';

/** Takes a message, unless it was taken before; of one too many only an order to stop. */
export function steer(
  turn: Turn,
  sent: Message & { readonly text: string | null; readonly commands: readonly Command[] },
): void {
  const { seen } = turn.run;
  if (seen.includes(sent.source) || turn.run.phase !== 'working') return;
  // A clock that is ahead must not keep later orders from counting.
  const message: Message = { source: sent.source, sentAt_ms: Math.min(sent.sentAt_ms, turn.now_ms) };
  const text = (sent.text ?? '').slice(0, TEAM_MAX_MAIL_CHARS).toWellFormed();
  const reading = readFeedback(text);
  const commands = [...sent.commands, ...reading.commands];
  if (seen.length >= TEAM_MAX_MESSAGES) {
    // However much somebody has written, the run can be stopped.
    for (const command of commands) {
      if (command.type === 'cancel' || command.type === 'finish') obey(turn, command, message);
    }
    return;
  }
  change(turn, { seen: [...seen, sent.source] });
  record(turn, { type: 'message', source: sent.source, text, commands });
  for (const words of reading.feedback) listen(turn, words, message);
  for (const command of commands) obey(turn, command, message);
  announce(turn, 'steered');
}

/** Free words: the answer to the oldest open question unless they say that they are not, and a directive in any case. */
function listen(turn: Turn, words: string, message: Message): void {
  const clipped = cutToBytes(words.slice(0, TEAM_MAX_MESSAGE_CHARS).toWellFormed(), TEAM_MAX_MESSAGE_BYTES);
  const { directives, team } = turn.run;
  const question = openQuestions(turn.run).find(
    ({ role }) => !namesOther(clipped, role, directives, Object.keys(team.roles)),
  );
  if (question !== undefined) answer(turn, question.number, clipped, 'user');
  const told = question === undefined ? clipped : `To the question "${question.text}": ${clipped}`;
  directAs(turn, told, message);
}

function directAs(turn: Turn, words: string, message: Message): readonly Directive[] {
  const { directives: before, team } = turn.run;
  const directives = direct(before, words, message, Object.keys(team.roles));
  change(turn, { directives });
  for (const { number, scope, text, source } of directives.slice(before.length)) {
    record(turn, { type: 'directive', number, scope, text, source });
  }
  for (const [at, { status, number, supersededBy }] of directives.entries()) {
    if (status === 'superseded' && before[at]?.status !== 'superseded') {
      record(turn, { type: 'superseded', number, by: supersededBy ?? 0 });
    }
  }
  return directives;
}

function obey(turn: Turn, command: Command, message: Message): void {
  if (command.type === 'cancel') close(turn, 'cancelled');
  else if (command.type === 'finish') change(turn, { finishing: true });
  else set(turn, command, message);
}

/** An order that a later one can undo. */
function set(turn: Turn, command: Setting, message: Message): void {
  const kind = command.type === 'resume' ? 'pause' : command.type;
  if (!isNewer(turn, kind, message)) return;
  change(turn, { stamps: { ...turn.run.stamps, [kind]: message } });
  const { settings, orders } = turn.run.reporter;
  toReporter(turn, { orders: [...orders, describe(command)] });
  switch (command.type) {
    case 'pause':
      change(turn, { paused: true });
      break;
    case 'resume':
      change(turn, { paused: false, blocked: null });
      break;
    case 'budget': {
      change(turn, { wanted_msats: command.msats });
      const missing = command.msats - turn.run.funded_msats;
      if (missing > 0) turn.effects.push({ type: 'fund', key: `fund/${message.source}`, msats: missing });
      break;
    }
    case 'cadence':
      toReporter(turn, { settings: { ...settings, cadence: command.cadence } });
      break;
    case 'detail':
      toReporter(turn, { settings: { ...settings, detail: command.detail } });
      break;
    case 'quiet':
      toReporter(turn, { settings: { ...settings, quiet: command.quiet } });
      break;
    case 'focus':
      toReporter(turn, { settings: { ...settings, focus: command.focus } });
  }
}

type Setting = Exclude<Command, { readonly type: 'cancel' | 'finish' }>;

/**
 * Whether no order of this kind that was written later has been taken. Events and mails tell their time in seconds: of
 * two orders of one second the one that came later holds, for nothing else says which the user meant.
 */
function isNewer(turn: Turn, kind: string, { sentAt_ms }: Message): boolean {
  const last = turn.run.stamps[kind];
  return last === undefined || sentAt_ms >= last.sentAt_ms;
}
