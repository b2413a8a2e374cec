import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ECOSYSTEMS } from '../ecosystem.ts';
import { RATINGS } from '../advisories/severity.ts';

/** What can happen to a finding. */
export const LEDGER_EVENTS = [
  'open',
  'acknowledged',
  'fix-available',
  'fixed',
  'verified',
  'reopened',
  'accepted',
] as const;

/** One of {@link LEDGER_EVENTS}. */
export type LedgerEvent = (typeof LEDGER_EVENTS)[number];

/** What an entry follows on if it is the first. */
export const GENESIS = '0'.repeat(64);

const text = z.string().max(2000);

/** A line of the ledger as it is in the file. */
export const ledgerEntrySchema = z.strictObject({
  /** From 1, without a gap. */
  sequence: z.number().int().min(1),
  time: z.iso.datetime(),
  event: z.enum(LEDGER_EVENTS),
  /** Of one vulnerability in one package, whatever the version. */
  item: text.min(1),
  ecosystem: z.enum(ECOSYSTEMS),
  package: text.min(1),
  /** Every id that was known then. */
  ids: z.array(text).min(1),
  rating: z.enum(RATINGS),
  version: text.optional(),
  fix: text.optional(),
  /** Lockfiles that it is in from then on; absent if no other than before. It is fixed when it is gone from all. */
  files: z.array(z.string().min(1).max(4096)).min(1).max(10_000).optional(),
  /** Who says so: a person, or `scan`. */
  actor: text.min(1),
  reason: text.optional(),
  /** Of `accepted`: the last day. */
  until: z.iso.date().optional(),
  previous: z.string().regex(/^[0-9a-f]{64}$/),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});

/** One thing that happened, chained to everything before it. */
export type LedgerEntry = z.output<typeof ledgerEntrySchema>;

/** An entry before it has its place in the chain. */
export type LedgerDraft = Omit<LedgerEntry, 'sequence' | 'previous' | 'hash'>;

/** SHA-256 (hex) over an entry without its own hash, its members in the order of their names. */
export function hashEntry(entry: Omit<LedgerEntry, 'hash'>): string {
  const members = Object.entries(entry).filter(([key, value]) => key !== 'hash' && value !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(members)).digest('hex');
}
