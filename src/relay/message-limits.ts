/** What one message of a client may hold. */
import {
  RELAY_MAX_FILTER_VALUES,
  RELAY_MAX_FILTERS,
  RELAY_MAX_JSON_DEPTH,
  RELAY_MAX_SUBSCRIPTION_ID_CHARS,
  RELAY_MAX_TAG_VALUE_CHARS,
} from '../limits.ts';
import type { MessageLimits } from '../nostr/messages.ts';

export const MESSAGE_LIMITS: MessageLimits = {
  depth: RELAY_MAX_JSON_DEPTH,
  filters: RELAY_MAX_FILTERS,
  values: RELAY_MAX_FILTER_VALUES,
  valueChars: RELAY_MAX_TAG_VALUE_CHARS,
  subscriptionIdChars: RELAY_MAX_SUBSCRIPTION_ID_CHARS,
};
