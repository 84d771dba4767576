/** Checks around a simulated session: every request has one, of which chance decides, the same each time it is asked. */
import { createHash } from 'node:crypto';
import type { VerifiedTerms } from '../../src/checks/contract.ts';
import { parseCheck } from '../../src/checks/parse.ts';
import type { Proof } from '../../src/checks/proof.ts';
import type { Validation } from '../../src/checks/validate.ts';
import type { NextAgent } from '../../src/job/broker.ts';
import type { Request } from '../../src/protocol/model.ts';

export const KIND_VERDICT = 7002;

export class Verifying {
  /** Jobs whose check was found to be of use, and those whose answer passed. */
  readonly usable = new Set<string>();
  readonly passed = new Set<string>();
  /** Verdicts given, by code. */
  readonly verdicts: Record<string, number> = {};
  /** Events that told of a verdict, by job. */
  readonly told = new Map<string, Set<string>>();
  readonly answers: number;
  /** Whether there is another agent for a job whose answers did not pass. */
  readonly others: boolean;
  /** Jobs that were given to another. */
  readonly given = new Set<string>();

  /** @param answers that each agent may give */
  constructor(answers: number, others = false) {
    this.answers = answers;
    this.others = others;
  }

  nextAgent(job: string): NextAgent {
    if (!this.others) return { type: 'nobody' };
    this.given.add(job);
    return { type: 'agent', agent: 'other' };
  }

  termsOf({ envelope }: Request): VerifiedTerms {
    const verify = { mode: 'deduction', language: 'python', program: 'f', input: '1', message: envelope.id };
    const hidden = { tests: [], verifier: null, reference: null };
    return {
      open: { check: parseCheck(verify), hidden },
      verify,
      revealed: null,
      answers: this.answers,
      agents: 2,
    };
  }

  validate(job: string): Validation {
    if (chance(job, 8) === 0) return { ok: false, problem: 'program-fails', message: 'it fails' };
    this.usable.add(job);
    return { ok: true, fuel: 1 };
  }

  judge(job: string, answer: string): Proof {
    const lot = chance(`${job} ${answer}`, 10);
    const code = lot < 5 ? 'passed' : lot < 9 ? 'wrong' : 'broken';
    if (code === 'passed') this.passed.add(job);
    this.verdicts[code] = (this.verdicts[code] ?? 0) + 1;
    const passed = code === 'passed';
    return { code, passed, score: passed ? 1 : 0, detail: passed ? '' : code, answer, receipts: [], ms: 1 };
  }
}

function chance(text: string, of: number): number {
  return (createHash('sha256').update(text).digest()[0] ?? 0) % of;
}
