/** @jsxImportSource preact */
/** Who the operator is, for as long as the page is open: nothing of it is kept in the browser. */
import { useState } from 'preact/hooks';
import type { Signer } from '../../../client/signer.ts';
import { Field } from '../lib/parts.tsx';
import { wordsOf } from '../lib/words.ts';
import type { Identity } from '../signing/identity.ts';

export interface SignedIn {
  readonly signer: Signer;
  readonly pubkey: string;
  /** Whether signing bothers nobody, so that the page may refresh by itself. */
  readonly silent: boolean;
}

type Way = 'extension' | 'bunker' | 'key';

export function SignIn({ done }: { readonly done: (who: SignedIn) => void }) {
  const [busy, setBusy] = useState<Way | null>(null);
  const [wrong, setWrong] = useState<{ readonly way: Way; readonly text: string } | null>(null);
  const [bunker, setBunker] = useState('');
  const [key, setKey] = useState('');
  const [confirmAt, setConfirmAt] = useState<string | null>(null);
  const be = async (way: Way, find: () => Promise<Identity>) => {
    if (busy !== null) return;
    setBusy(way);
    setWrong(null);
    try {
      const identity = await find();
      const { signerOf } = await import('../signing/signers.ts');
      const signer = await signerOf(identity, setConfirmAt);
      done({ signer, pubkey: identity.pubkey, silent: way === 'key' });
    } catch (error) {
      setWrong({ way, text: wordsOf(error) });
    } finally {
      setBusy(null);
      setConfirmAt(null);
    }
  };
  const said = (way: Way) => (wrong?.way === way ? wrong.text : undefined);
  const signers = () => import('../signing/signers.ts');
  return (
    <section class="panel sign-in" aria-labelledby="sign-in">
      <h2 id="sign-in">Sign in</h2>
      <p class="small soft">
        Every request is signed by your key. The key stays where it is, and this page forgets it.
      </p>
      <p>
        <button
          type="button"
          class="primary"
          disabled={busy !== null}
          onClick={() => be('extension', async () => (await signers()).askExtension())}
        >
          {busy === 'extension' ? 'Asking the extension …' : 'Browser extension'}
        </button>
      </p>
      {said('extension') === undefined ? null : <p class="wrong">{said('extension')}</p>}
      <Field id="operator-bunker" label="Bunker" hint="bunker://… (NIP-46)" wrong={said('bunker')}>
        {(aids) => (
          <div class="row">
            <input
              {...aids}
              class="grow"
              autocomplete="off"
              spellcheck={false}
              value={bunker}
              onInput={(event) => setBunker(event.currentTarget.value)}
            />
            <button
              type="button"
              disabled={busy !== null}
              onClick={() =>
                be('bunker', async () =>
                  (await import('../signing/bunker.ts')).connectBunker(bunker, setConfirmAt),
                )
              }
            >
              {busy === 'bunker' ? 'Connecting …' : 'Connect'}
            </button>
          </div>
        )}
      </Field>
      {confirmAt === null ? null : (
        <p class="notice warn">
          Your bunker wants you to confirm:{' '}
          <a href={confirmAt} target="_blank" rel="noreferrer">
            open its page
          </a>
        </p>
      )}
      <Field
        id="operator-key"
        label="Secret key"
        hint="nsec1… or 64 hexadecimal digits. Only in this page’s memory; gone when you leave or reload it."
        wrong={said('key')}
      >
        {(aids) => (
          <div class="row">
            <input
              {...aids}
              class="grow"
              type="password"
              autocomplete="off"
              value={key}
              onInput={(event) => setKey(event.currentTarget.value)}
            />
            <button
              type="button"
              disabled={busy !== null}
              onClick={() => be('key', async () => (await signers()).importLocal(key))}
            >
              Use it
            </button>
          </div>
        )}
      </Field>
    </section>
  );
}
