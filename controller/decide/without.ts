/**
 * What an evaluation can be made without, to measure what it is worth; `npm run bench:decisions` does. No policy can ask
 * for it.
 * - `OfferedLoad`: requests are taken as they are finished
 * - `LeadTime`: looks ahead to the next evaluation only
 * - `Trend`: expects the load to stay as it is
 * - `QuickTrend`, `CalmTrend`: has only the other of the two
 * - `Situations`: learns errors of all situations together
 * - `Spread`: measures errors in hosts, whatever the load is and does
 * - `RecentErrors`: a restless hour widens no forecast
 * - `Disagreement`: nor do trends that are apart
 * - `ShareOfBill`: takes the same risk whatever the fleet's size and the forecast's width
 * - `Headroom`: buys for the expected load, not for what it may come to
 * - `Season`: knows no yesterday
 * - `PaidHours`: lets hosts go in the middle of a paid hour
 * - `Elsewhere`: goes on adding hosts for a threshold that they do not help
 */
export type Mechanism =
  | 'OfferedLoad' | 'LeadTime' | 'Trend' | 'QuickTrend' | 'CalmTrend' | 'Situations' | 'Spread' | 'RecentErrors' | 'Disagreement' | 'ShareOfBill' | 'Headroom' | 'Season' | 'PaidHours' | 'Elsewhere';
