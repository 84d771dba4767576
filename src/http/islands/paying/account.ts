/** The visitor's account here, asked for with a signature (NIP-98). */
import * as z from 'zod';
import { MarketplaceHttp } from '../../../client/http.ts';
import { pageFacts } from '../lib/facts.ts';
import type { Identity } from '../signing/identity.ts';
import { signerOf } from '../signing/signers.ts';

const account = z.object({ credit_msats: z.int(), owing_msats: z.int(), set_aside_msats: z.int() });
export type AccountView = z.output<typeof account>;

/** @throws ClientError */
export async function readAccount(identity: Identity): Promise<AccountView> {
  const signer = await signerOf(identity, () => undefined);
  return await new MarketplaceHttp(pageFacts().url).ask(account, '/account', { signer });
}
