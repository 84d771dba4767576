/** Every command, in the order in which the overview shows them. */
import type { CommandSpec } from '../spec.ts';
import { credit, creditAdd, refund, refundCancel, refundShow } from './account.ts';
import { agentAdd, agentEdit, agentPause, agentShow, agentTransfer } from './agent.ts';
import { agents } from './agents.ts';
import { arena } from './arena.ts';
import { doctor } from './doctor.ts';
import { keyNew, keyShow } from './key.ts';
import { ledgerCheck } from './ledger.ts';
import { mailDeliver } from './mail.ts';
import { post } from './post.ts';
import { receiptVerify } from './receipt.ts';
import { teamDirectives, teamReport, teamRuns, teamTrace, teamVersions } from './team.ts';
import { cancel, pay, reply, watch } from './watch.ts';

export const COMMANDS: readonly CommandSpec[] = [
  agents,
  post,
  watch,
  reply,
  cancel,
  pay,
  credit,
  creditAdd,
  refund,
  refundShow,
  refundCancel,
  agentAdd,
  agentEdit,
  agentPause,
  agentShow,
  agentTransfer,
  teamRuns,
  teamReport,
  teamTrace,
  teamVersions,
  teamDirectives,
  arena,
  receiptVerify,
  keyNew,
  keyShow,
  doctor,
  ledgerCheck,
  mailDeliver,
];
