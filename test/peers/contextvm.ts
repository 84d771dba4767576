/** ContextVM's client of MCP servers on Nostr, with the client of the MCP SDK it is made for. */
export {
  ApplesauceRelayPool,
  EncryptionMode,
  GiftWrapMode,
  NostrClientTransport,
  PrivateKeySigner,
} from '@contextvm/sdk';
export { Client } from '@modelcontextprotocol/sdk/client/index.js';
