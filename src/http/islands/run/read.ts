/** Asks for the record of a run, signed (NIP-98). Loaded when somebody asks. */
import { MarketplaceHttp } from '../../../client/http.ts';
import { pageFacts } from '../lib/facts.ts';
import type { Identity } from '../signing/identity.ts';
import { signerOf } from '../signing/signers.ts';
import { type RunView, readRecord } from './record.ts';

/** Longest wait for the whole record, ms: that of a run of days has some megabytes. */
const RECORD_TIMEOUT_MS = 60_000;

/** @throws ClientError, with what the marketplace said */
export async function readRun(
  identity: Identity,
  job: string,
  confirm: (url: string) => void,
): Promise<RunView> {
  const signer = await signerOf(identity, confirm);
  const call = { signer, timeout_ms: RECORD_TIMEOUT_MS, headers: { accept: 'application/jsonl' } };
  return readRecord(await new MarketplaceHttp(pageFacts().url).text(`/jobs/${job}/trace`, call));
}

/** The same as a document for people. */
export async function readReport(
  identity: Identity,
  job: string,
  confirm: (url: string) => void,
): Promise<string> {
  const signer = await signerOf(identity, confirm);
  const call = { signer, timeout_ms: RECORD_TIMEOUT_MS, headers: { accept: 'text/markdown' } };
  return await new MarketplaceHttp(pageFacts().url).text(`/jobs/${job}/report.md`, call);
}
