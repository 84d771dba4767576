/** A started marketplace as its operator asks it. */
import * as z from 'zod';
import { homeAt, readDevFile } from '../../scripts/local/state.ts';
import { MarketplaceHttp } from '../../src/client/http.ts';
import { keySigner } from '../../src/client/signer.ts';
import { fromHex } from '../../src/nostr/hex.ts';
import { publicKeyOf } from '../../src/nostr/schnorr.ts';

/** The JSON of an answer. @param home where the marketplace keeps its dev.json. @param path with its query */
export async function askAsOperator(home: string, path: string): Promise<unknown> {
  const dev = readDevFile(homeAt(home));
  if (dev === undefined) throw new Error(`nothing is running on ${home}`);
  const secretKey = fromHex(dev.operator.secret_key);
  const signer = keySigner({ secretKey, publicKey: publicKeyOf(secretKey) });
  return await new MarketplaceHttp(dev.url).ask(z.unknown(), path, { signer });
}
