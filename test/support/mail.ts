/** Mails as tests need them: a report with everything a hostile text can bring, and raw mails as programs write them. */
import type { Letterhead } from '../../src/agent/team/mail/compose.ts';
import type { TeamReport } from '../../src/agent/team/report/types.ts';

export const HEAD: Letterhead = {
  from: 'team@errand.example',
  to: 'ann@people.example',
  replyTo: 'team+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@errand.example',
  team: 'Größenforscher 🔬',
  job: 'ab'.repeat(32),
};

/** Words of a user or a model that try to be more than words. */
export const HOSTILE =
  '<img src="https://spy.example/p.gif"><script>x</script> & "quoted" \'text\'\r\nBcc: all@people.example\n\n.\nFrom here \u0000 \u202e 漢字';

/** @param words stand wherever a report has words of others */
export function reportWith(words: string, more: Partial<TeamReport> = {}): TeamReport {
  return {
    run: HEAD.job,
    number: 3,
    at_ms: Date.UTC(2026, 10, 24, 18, 0, 0),
    events: ['better', 'question'],
    state: 'asking',
    iteration: 2,
    iterations: 5,
    best: null,
    steps: [{ step: 4, role: 'writer', iteration: 2, version: 'v4', summary: words, directives: [1] }],
    moreSteps: 0,
    errors: [{ step: 3, role: 'critic', failure: { code: 'MODEL_ERROR', message: words } }],
    orders: [words],
    directives: [{ number: 1, text: words, scope: 'all', status: 'open', appliedIn: {}, supersededBy: null }],
    questions: [],
    blocked: null,
    spent: { msats: 1_500, tokens: 10 },
    budget: { msats: 5_000, tokens: 1_000 },
    words,
    ended: null,
    detail: 'high',
    focus: null,
    ...more,
  };
}

/** A mail as lines; the empty one ends its headers. @returns its bytes, lines ending in CRLF */
export function mailOf(...lines: readonly string[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(`${lines.join('\r\n')}\r\n`));
}
