/** A Lightning node: LDK with everything it wants from its surroundings, on the synthetic chain and the memory wires. */
import * as ldk from '../../peers/ldk.ts';
import { type Chain, fundingTransaction } from './chain.ts';
import type { Station, Wires } from './wires.ts';

/** What a node reports of payments. Hashes and preimages are hex. */
export interface PaymentListener {
  /** Money of an invoice whose preimage the node does not know is locked until the block height `deadline`. */
  held(hash: string, deadline: number | null): void;
  received(hash: string, preimage: string): void;
  sent(hash: string, preimage: string, fee_msats: bigint): void;
  notSent(hash: string): void;
  /** Held money went back although nobody gave it back: its deadline came. */
  lapsed(hash: string): void;
}

export interface NodeInvoice {
  readonly amount_msats: bigint;
  readonly purpose: { readonly text: string } | { readonly hash: string };
  readonly expiry_s: number;
  /** For a hold invoice: its hash, and the blocks it asks for. */
  readonly hold: { readonly hash: string; readonly cltv: number } | null;
}

export class LightningNode implements Station {
  readonly id: Uint8Array;
  readonly peers: ldk.PeerManager;
  readonly name: string;
  listener: PaymentListener | undefined;
  readonly #chain: Chain;
  readonly #wires: Wires;
  readonly #manager: ldk.ChannelManager;
  readonly #monitor: ldk.ChainMonitor;
  readonly #handler: ldk.EventHandler;
  /** Strong references: LDK's bindings only hold weak ones, and what is collected is gone for the WASM too. */
  readonly #kept: unknown[] = [];
  readonly #held = new Map<string, number | null>();
  #events: ldk.Event[] = [];
  #fundings = 0;

  /** @param seed of the node's keys, 32 bytes */
  constructor(name: string, seed: Uint8Array, chain: Chain, wires: Wires) {
    this.name = name;
    this.#chain = chain;
    this.#wires = wires;
    const keep = <Kept>(one: Kept): Kept => {
      this.#kept.push(one);
      return one;
    };
    const now_s = Math.floor(Date.now() / 1_000);
    const fees = keep(ldk.FeeEstimator.new_impl({ get_est_sat_per_1000_weight: () => 253 }));
    const broadcaster = keep(
      ldk.BroadcasterInterface.new_impl({ broadcast_transactions: (list) => chain.broadcast(list) }),
    );
    const logger = keep(ldk.Logger.new_impl({ log: () => undefined }));
    const done = () => ldk.ChannelMonitorUpdateStatus.LDKChannelMonitorUpdateStatus_Completed;
    const persist = keep(
      ldk.Persist.new_impl({
        persist_new_channel: done,
        update_persisted_channel: done,
        archive_persisted_channel: () => undefined,
      }),
    );
    const noFilter = ldk.Option_FilterZ.constructor_none();
    this.#monitor = ldk.ChainMonitor.constructor_new(noFilter, broadcaster, logger, fees, persist);
    const keys = keep(ldk.KeysManager.constructor_new(seed, BigInt(now_s), 0));
    const entropy = keys.as_EntropySource();
    const graph = keep(ldk.NetworkGraph.constructor_new(ldk.Network.LDKNetwork_Regtest, logger));
    const decay = ldk.ProbabilisticScoringDecayParameters.constructor_default();
    const scorer = keep(ldk.ProbabilisticScorer.constructor_new(decay, graph, logger));
    const score = keep(ldk.MultiThreadedLockableScore.constructor_new(scorer.as_Score()));
    const scoring = ldk.ProbabilisticScoringFeeParameters.constructor_default();
    const router = keep(
      ldk.DefaultRouter.constructor_new(graph, logger, entropy, score.as_LockableScore(), scoring),
    );
    const messages = keep(ldk.DefaultMessageRouter.constructor_new(graph, entropy));
    const tip = ldk.BestBlock.constructor_new(chain.tip, chain.height);
    this.#manager = ldk.ChannelManager.constructor_new(
      fees,
      this.#monitor.as_Watch(),
      broadcaster,
      router.as_Router(),
      messages.as_MessageRouter(),
      logger,
      entropy,
      keys.as_NodeSigner(),
      keys.as_SignerProvider(),
      keep(configuration()),
      ldk.ChainParameters.constructor_new(ldk.Network.LDKNetwork_Regtest, tip),
      now_s,
    );
    const ignore = keep(ldk.IgnoringMessageHandler.constructor_new());
    this.peers = ldk.PeerManager.constructor_new(
      this.#manager.as_ChannelMessageHandler(),
      ignore.as_RoutingMessageHandler(),
      ignore.as_OnionMessageHandler(),
      ignore.as_CustomMessageHandler(),
      now_s,
      entropy.get_secure_random_bytes(),
      logger,
      keys.as_NodeSigner(),
    );
    this.#handler = ldk.EventHandler.new_impl({
      handle_event: (event) => {
        // Answered when LDK has returned: it must not be called from inside its own call.
        this.#events.push(event);
        return ldk.Result_NoneReplayEventZ.constructor_ok();
      },
    });
    this.id = this.#manager.get_our_node_id();
    chain.follow({ confirms: () => [this.#manager.as_Confirm(), this.#monitor.as_Confirm()] });
    wires.add(this);
  }

  /** Opens a channel to a connected node, with part of the money on its side, and confirms it. */
  openChannel(to: LightningNode, sats: bigint, push_msats: bigint): void {
    const opened = this.#manager.create_channel(to.id, sats, push_msats, 1n, null, null);
    if (!opened.is_ok()) throw new Error(`${this.name} cannot open a channel`);
    this.#wires.settle();
    this.#chain.mine(6);
    this.#wires.settle();
  }

  /** @returns the signed invoice */
  invoice({ amount_msats, purpose, expiry_s, hold }: NodeInvoice): string {
    const made = this.#manager.create_bolt11_invoice(
      ldk.Option_u64Z.constructor_some(amount_msats),
      descriptionOf(purpose),
      ldk.Option_u32Z.constructor_some(expiry_s),
      hold === null ? ldk.Option_u16Z.constructor_none() : ldk.Option_u16Z.constructor_some(hold.cltv),
      hold === null
        ? ldk.Option_ThirtyTwoBytesZ.constructor_none()
        : ldk.Option_ThirtyTwoBytesZ.constructor_some(fromHex(hold.hash)),
    );
    if (!(made instanceof ldk.Result_Bolt11InvoiceSignOrCreationErrorZ_OK))
      throw new Error(`${this.name} cannot make the invoice`);
    return made.res.to_str();
  }

  /** Starts a payment. How it ends the listener hears. @returns what LDK says when it does not even start */
  pay(bolt11: string): string | null {
    const invoice = parse(bolt11);
    const parameters = ldk.UtilMethods.constructor_payment_parameters_from_invoice(invoice);
    if (
      !(parameters instanceof ldk.Result_C3Tuple_ThirtyTwoBytesRecipientOnionFieldsRouteParametersZNoneZ_OK)
    )
      return 'no amount';
    const { res } = parameters;
    const hash = invoice.payment_hash();
    // With its hash as id a payment is made once, however often it is asked for.
    const retry = ldk.Retry.constructor_attempts(1);
    const begun = this.#manager.send_payment(hash, res.get_b(), hash, res.get_c(), retry);
    this.#wires.settle();
    return begun instanceof ldk.Result_NoneRetryableSendFailureZ_Err
      ? ldk.RetryableSendFailure[begun.err]
      : null;
  }

  /** Takes what is held under the preimage's hash. */
  claim(preimage: string): void {
    this.#manager.claim_funds(fromHex(preimage));
    this.#wires.settle();
  }

  /** Gives back what is held. */
  giveBack(hash: string): void {
    this.#held.delete(hash);
    this.#manager.fail_htlc_backwards(fromHex(hash));
    this.#wires.settle();
  }

  /** What the node could send now, msats. */
  get balance_msats(): bigint {
    return this.#manager.list_channels().reduce((sum, one) => sum + one.get_outbound_capacity_msat(), 0n);
  }

  get openChannels(): number {
    return this.#manager.list_channels().length;
  }

  drain(): boolean {
    this.#manager.as_EventsProvider().process_pending_events(this.#handler);
    this.#monitor.as_EventsProvider().process_pending_events(this.#handler);
    const events = this.#events;
    this.#events = [];
    for (const event of events) this.#handle(event);
    return events.length > 0;
  }

  #handle(event: ldk.Event): void {
    if (event instanceof ldk.Event_FundingGenerationReady) this.#fund(event);
    else if (event instanceof ldk.Event_PendingHTLCsForwardable)
      this.#manager.process_pending_htlc_forwards();
    else if (event instanceof ldk.Event_PaymentClaimable) this.#claimable(event);
    else if (event instanceof ldk.Event_PaymentClaimed) this.#claimed(event);
    else if (event instanceof ldk.Event_PaymentSent) {
      const fee = event.fee_paid_msat;
      const fee_msats = fee instanceof ldk.Option_u64Z_Some ? fee.some : 0n;
      this.listener?.sent(toHex(event.payment_hash), toHex(event.payment_preimage), fee_msats);
    } else if (event instanceof ldk.Event_PaymentFailed) {
      const hash = event.payment_hash;
      if (hash instanceof ldk.Option_ThirtyTwoBytesZ_Some) this.listener?.notSent(toHex(hash.some));
    } else if (event instanceof ldk.Event_HTLCHandlingFailed) this.#failed();
    else if (event instanceof ldk.Event_ChannelClosed) throw new Error(`${this.name} lost a channel`);
  }

  #fund(event: ldk.Event_FundingGenerationReady): void {
    const input = new Uint8Array(32).fill(++this.#fundings);
    input.set(this.id.subarray(0, 31), 1);
    const transaction = fundingTransaction(event.output_script, event.channel_value_satoshis, input);
    const funded = this.#manager.funding_transaction_generated(
      event.temporary_channel_id,
      event.counterparty_node_id,
      transaction,
    );
    if (!funded.is_ok()) throw new Error(`${this.name} cannot fund its channel`);
  }

  #claimable(event: ldk.Event_PaymentClaimable): void {
    const preimage = preimageOf(event.purpose);
    if (preimage !== null) {
      this.#manager.claim_funds(fromHex(preimage));
      return;
    }
    const deadline = event.claim_deadline instanceof ldk.Option_u32Z_Some ? event.claim_deadline.some : null;
    const hash = toHex(event.payment_hash);
    this.#held.set(hash, deadline);
    this.listener?.held(hash, deadline);
  }

  #claimed(event: ldk.Event_PaymentClaimed): void {
    const hash = toHex(event.payment_hash);
    this.#held.delete(hash);
    this.listener?.received(hash, preimageOf(event.purpose) ?? '');
  }

  /** LDK says that it failed a payment and not which one; what is past its deadline is what it failed. */
  #failed(): void {
    for (const [hash, deadline] of this.#held) {
      if (deadline === null || this.#chain.height < deadline) continue;
      this.#held.delete(hash);
      this.listener?.lapsed(hash);
    }
  }
}

/** Many small holds at once: LDK's own limits would allow three (LIGHTNING §1.1). Forwards between private channels. */
function configuration(): ldk.UserConfig {
  const config = ldk.UserConfig.constructor_default();
  config.set_accept_forwards_to_priv_channels(true);
  const handshake = config.get_channel_handshake_config();
  handshake.set_max_inbound_htlc_value_in_flight_percent_of_channel(100);
  handshake.set_minimum_depth(1);
  handshake.set_our_max_accepted_htlcs(483);
  config.set_channel_handshake_config(handshake);
  const channel = config.get_channel_config();
  channel.set_max_dust_htlc_exposure(ldk.MaxDustHTLCExposure.constructor_fixed_limit_msat(5_000_000_000n));
  config.set_channel_config(channel);
  return config;
}

function descriptionOf(purpose: NodeInvoice['purpose']): ldk.Bolt11InvoiceDescription {
  if ('hash' in purpose)
    return ldk.Bolt11InvoiceDescription.constructor_hash(
      ldk.Sha256.constructor_from_bytes(fromHex(purpose.hash)),
    );
  const text = ldk.Description.constructor_new(purpose.text);
  if (!(text instanceof ldk.Result_DescriptionCreationErrorZ_OK))
    throw new Error('the description is too long');
  return ldk.Bolt11InvoiceDescription.constructor_direct(text.res);
}

function preimageOf(purpose: ldk.PaymentPurpose): string | null {
  if (!(purpose instanceof ldk.PaymentPurpose_Bolt11InvoicePayment)) return null;
  const preimage = purpose.payment_preimage;
  return preimage instanceof ldk.Option_ThirtyTwoBytesZ_Some ? toHex(preimage.some) : null;
}

function parse(bolt11: string): ldk.Bolt11Invoice {
  const parsed = ldk.Bolt11Invoice.constructor_from_str(bolt11);
  if (!(parsed instanceof ldk.Result_Bolt11InvoiceParseOrSemanticErrorZ_OK))
    throw new Error('LDK does not take this for an invoice');
  return parsed.res;
}

/** What LDK reads in an invoice. */
export function readByLdk(bolt11: string): { readonly hash: string; readonly amount_msats: bigint | null } {
  const invoice = parse(bolt11);
  const amount = invoice.amount_milli_satoshis();
  return {
    hash: toHex(invoice.payment_hash()),
    amount_msats: amount instanceof ldk.Option_u64Z_Some ? amount.some : null,
  };
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}
