/**
 * A chain without miners: blocks are made when a test says so and handed to every node through LDK's `Confirm`
 * interface, funding transactions included. This is what is not real in the Lightning tests; all above it is.
 */
import { createHash } from 'node:crypto';
import * as ldk from '../../peers/ldk.ts';

/** Whoever follows the chain: a node's channel manager and its chain monitor. */
export interface Follower {
  confirms(): readonly ldk.Confirm[];
}

export class Chain {
  height = 0;
  /** Hash of the newest block, in internal byte order. */
  tip: Uint8Array;
  readonly #followers: Follower[] = [];
  #mempool: Uint8Array[] = [];
  /** Unix s; block times lag behind the clock, as real ones do, and only grow. */
  #time_s = Math.floor(Date.now() / 1_000) - 3_600;

  constructor() {
    this.tip = ldk.BestBlock.constructor_from_network(ldk.Network.LDKNetwork_Regtest).get_block_hash();
  }

  follow(follower: Follower): void {
    this.#followers.push(follower);
  }

  broadcast(transactions: readonly Uint8Array[]): void {
    // LDK hands out views into its own memory.
    this.#mempool.push(...transactions.map((one) => one.slice()));
  }

  /** Makes blocks; the first confirms everything that was broadcast. */
  mine(blocks: number): void {
    for (let made = 0; made < blocks; made++) {
      const transactions = this.#mempool;
      this.#mempool = [];
      this.height++;
      this.#time_s = Math.max(this.#time_s + 1, Math.floor(Date.now() / 1_000) - 600);
      const header = this.#header(transactions);
      this.tip = sha256(sha256(header));
      for (const follower of this.#followers) this.#tell(follower, header, transactions);
    }
  }

  #tell(follower: Follower, header: Uint8Array, transactions: readonly Uint8Array[]): void {
    for (const confirm of follower.confirms()) {
      if (transactions.length > 0) {
        const numbered = transactions.map((one, index) =>
          ldk.TwoTuple_usizeTransactionZ.constructor_new(index + 1, one),
        );
        confirm.transactions_confirmed(header, numbered, this.height);
      }
      confirm.best_block_updated(header, this.height);
    }
  }

  /** 80 bytes; LDK checks the chaining and not the work. */
  #header(transactions: readonly Uint8Array[]): Uint8Array {
    const header = Buffer.alloc(80);
    header.writeUInt32LE(0x2000_0000, 0);
    header.set(this.tip, 4);
    header.set(sha256(Buffer.concat([Buffer.from(String(this.height)), ...transactions])), 36);
    header.writeUInt32LE(this.#time_s, 68);
    header.writeUInt32LE(0x207f_ffff, 72);
    header.writeUInt32LE(this.height, 76);
    return Uint8Array.from(header);
  }
}

function sha256(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(bytes).digest());
}

/** A transaction with the one output a channel is funded by; nothing checks what it spends. */
export function fundingTransaction(script: Uint8Array, value_sats: bigint, input: Uint8Array): Uint8Array {
  const head = Buffer.from('02000000' + '0001' + '01', 'hex');
  const value = Buffer.alloc(8);
  value.writeBigUInt64LE(value_sats);
  return Uint8Array.from(
    Buffer.concat([
      head,
      input,
      Buffer.from('00000000' + '00' + 'ffffffff' + '01', 'hex'),
      value,
      Buffer.from([script.length]),
      script,
      // One witness item of one byte, then the lock time.
      Buffer.from('0101ff' + '00000000', 'hex'),
    ]),
  );
}
