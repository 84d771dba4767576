/** @jsxImportSource preact */
/** Who signs: shows who was chosen, or the three ways to be somebody. */
import { useEffect, useState } from 'preact/hooks';
import { Copy, Field, Sure } from '../lib/parts.tsx';
import { wordsOf } from '../lib/words.ts';
import { type Identity, readIdentity, WAYS, watchIdentity, writeIdentity } from './identity.ts';

/** The visitor, as this page knows them; changes with every tab of the browser. */
export function useIdentity(): readonly [Identity | null, (chosen: Identity | null) => boolean] {
  const [chosen, set] = useState(readIdentity);
  useEffect(() => watchIdentity(set), []);
  const choose = (one: Identity | null) => {
    set(one);
    return writeIdentity(one);
  };
  return [chosen, choose];
}

interface PanelProps {
  readonly identity: Identity | null;
  readonly choose: (chosen: Identity | null) => boolean;
}

/** The panel, for whoever has not chosen yet as for who has. */
export function SigningPanel({ identity, choose }: PanelProps) {
  return identity === null ? <Chooser choose={choose} /> : <Chosen identity={identity} choose={choose} />;
}

function Chosen({ identity, choose }: PanelProps & { readonly identity: Identity }) {
  const [npub, setNpub] = useState('');
  const [secret, setSecret] = useState<string | null>(null);
  useEffect(() => {
    let over = false;
    import('./signers.ts').then(
      ({ npubEncode }) => {
        if (!over) setNpub(npubEncode(identity.pubkey));
      },
      // The key in hexadecimal stands there until it can be written better.
      () => setNpub(''),
    );
    return () => {
      over = true;
    };
  }, [identity.pubkey]);
  const show = async () => {
    if (identity.type !== 'local') return;
    const { exportLocal } = await import('./signers.ts');
    setSecret(secret === null ? exportLocal(identity.secret) : null);
  };
  return (
    <div class="signing">
      <p>
        Signed by {WAYS[identity.type]}: <code class="id">{npub || identity.pubkey}</code>
      </p>
      {identity.type === 'local' ? (
        <div class="notice warn">
          <p>
            <strong>This key lies in this browser and nowhere else.</strong> Whoever can use this browser can
            use it, and it is gone when the browser's data are cleared, with the credit that belongs to it.
            Keep a copy.
          </p>
          {secret === null ? null : (
            <p>
              <code class="id" data-secret="">
                {secret}
              </code>{' '}
              <Copy text={secret} />
            </p>
          )}
        </div>
      ) : null}
      <div class="row">
        {identity.type === 'local' ? (
          <button type="button" onClick={show}>
            {secret === null ? 'Show the secret key' : 'Hide it'}
          </button>
        ) : null}
        <Sure
          label={identity.type === 'local' ? 'Forget this key' : 'Sign by something else'}
          sure={identity.type === 'local' ? 'Forget it for good' : 'Yes'}
          act={() => choose(null)}
        />
      </div>
    </div>
  );
}

type Way = 'local' | 'extension' | 'bunker' | 'import';

function Chooser({ choose }: Pick<PanelProps, 'choose'>) {
  const [busy, setBusy] = useState<Way | null>(null);
  const [wrong, setWrong] = useState<{ readonly way: Way; readonly text: string } | null>(null);
  const [bunker, setBunker] = useState('');
  const [own, setOwn] = useState('');
  const [confirmAt, setConfirmAt] = useState<string | null>(null);

  const be = async (way: Way, find: () => Promise<Identity>) => {
    if (busy !== null) return;
    setBusy(way);
    setWrong(null);
    try {
      const found = await find();
      if (!choose(found))
        setWrong({ way, text: 'This browser keeps nothing, so this holds until you leave the page.' });
    } catch (error) {
      setWrong({ way, text: wordsOf(error) });
    } finally {
      setBusy(null);
      setConfirmAt(null);
    }
  };
  const signers = () => import('./signers.ts');
  const said = (way: Way) => (wrong?.way === way ? wrong.text : undefined);
  return (
    <div class="signing">
      <p class="soft">Requests are signed by your Nostr key. There is no account here.</p>
      <div class="ways">
        <button
          type="button"
          disabled={busy !== null}
          onClick={() => be('extension', async () => (await signers()).askExtension())}
        >
          {busy === 'extension' ? 'Asking the extension …' : 'Browser extension'}
        </button>
        <button
          type="button"
          disabled={busy !== null}
          onClick={() => be('local', async () => (await signers()).makeLocal())}
        >
          New key in this browser
        </button>
      </div>
      {said('extension') === undefined ? null : <p class="wrong">{said('extension')}</p>}
      {said('local') === undefined ? null : <p class="wrong">{said('local')}</p>}
      <details open={busy === 'bunker' || said('bunker') !== undefined}>
        <summary>A bunker, or a key you have</summary>
        <Field id="bunker" label="Bunker" hint="bunker://… (NIP-46)" wrong={said('bunker')}>
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
                  be('bunker', async () => (await import('./bunker.ts')).connectBunker(bunker, setConfirmAt))
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
          id="own-key"
          label="Your own secret key"
          hint="It would lie in this browser. A bunker or an extension is safer."
          wrong={said('import')}
        >
          {(aids) => (
            <div class="row">
              <input
                {...aids}
                class="grow"
                type="password"
                autocomplete="off"
                value={own}
                onInput={(event) => setOwn(event.currentTarget.value)}
              />
              <button
                type="button"
                disabled={busy !== null}
                onClick={() => be('import', async () => (await signers()).importLocal(own))}
              >
                Use it
              </button>
            </div>
          )}
        </Field>
      </details>
    </div>
  );
}
