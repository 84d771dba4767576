/** The operator's page: a place for the island, and what it is for. Nothing of what it shows is in here. */

/** The page is the same for everybody: who may see more proves it with every request. */
export function OperatorPage({ named }: { readonly named: boolean }) {
  return (
    <>
      <h1>Operator</h1>
      {named ? (
        <>
          <p class="lead">
            Wallet against ledger, relays, jobs, payouts, limits. For the key in OPERATOR_PUBKEY alone.
          </p>
          <noscript>
            <p class="notice">
              This page signs its requests by a script. Without one: every table is under /operator/tables/,
              by NIP-98.
            </p>
          </noscript>
          <div id="operator"></div>
        </>
      ) : (
        <p class="notice warn">
          This marketplace has named no operator. Set OPERATOR_PUBKEY to a public key of yours.
        </p>
      )}
    </>
  );
}
