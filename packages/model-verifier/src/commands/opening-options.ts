import type { Command } from 'commander';
import { openJournal } from '../journal/journal.ts';
import { missingModel, type LockEvidence } from '../lock/check.ts';
import type { ModelLock } from '../lock/lock.ts';
import { rootDigest } from '../lock/lock.ts';
import type { OpenModelOptions } from '../opening.ts';
import { openPolicy } from '../policy/policy.ts';
import { openRevocationList } from '../revocation/revocation.ts';
import { reasonsOf, verdictOf, type Reason, type Verdict } from '../verdict.ts';
import { openVerifiedPaths } from '../verified-paths.ts';
import { UsageError } from './exit.ts';
import { readKeyFile } from './key-file.ts';
import { collect } from './model-options.ts';
import { addTrustOptions, hasTrustFlags, readTrust, type TrustFlags } from './trust-options.ts';

/** What a model is held against beside the lock. */
export interface OpeningFlags extends TrustFlags {
  readonly policy?: string;
  readonly revocationList?: string;
  readonly revocationKey?: readonly string[];
  readonly revocationState?: string;
  readonly journal?: string;
}

export function addOpeningOptions(command: Command): Command {
  return addTrustOptions(command.option('--policy <file>', 'what is allowed'))
    .option('--revocation-list <file>', 'what must not be used any more, with --revocation-key')
    .option('--revocation-key <file>', 'a key that may sign the list', collect)
    .option('--revocation-state <file>', 'remembers the newest list seen, against rollback')
    .option('--journal <file>', 'where it is written down');
}

export function hasOpeningFlags(flags: OpeningFlags): boolean {
  const others = [
    flags.policy,
    flags.revocationList,
    flags.revocationKey,
    flags.revocationState,
    flags.journal,
  ];
  return hasTrustFlags(flags) || others.some((flag) => flag !== undefined);
}

/** Opens each model as a program would, in bounded memory, and collects what speaks against it. */
export async function checkOpening(
  lock: ModelLock,
  names: readonly string[],
  flags: OpeningFlags,
): Promise<Verdict<LockEvidence>> {
  const options = await readOptions(flags);
  const { models, candidates = {} } = lock.document;
  const reasons: Reason[] = [];
  const looked: LockEvidence['models'][number][] = [];
  for (const name of names.length > 0 ? names : [...Object.keys(models), ...Object.keys(candidates)]) {
    const model = Object.hasOwn(models, name) ? models[name] : undefined;
    if (model === undefined) {
      reasons.push(...reasonsOf(missingModel(name, Object.hasOwn(candidates, name))));
      continue;
    }
    const against = await openVerifiedPaths(lock, name, options).then(() => [], reasonsOf);
    reasons.push(...against);
    const bytes = model.files.reduce((sum, file) => sum + file.bytes, 0);
    const verdict = against.length === 0 ? 'verified' : 'refused';
    looked.push({ name, verdict, rootDigest: rootDigest(model.files), bytes });
  }
  return verdictOf(reasons, { lockDigest: lock.digest, models: looked });
}

async function readOptions(flags: OpeningFlags): Promise<OpenModelOptions> {
  const { policy, revocationList, revocationKey, revocationState, journal } = flags;
  if ((revocationList === undefined) !== (revocationKey === undefined)) {
    throw new UsageError('--revocation-list and --revocation-key go together');
  }
  if (revocationState !== undefined && revocationList === undefined) {
    throw new UsageError('--revocation-state goes with --revocation-list');
  }
  const parsed = policy === undefined ? undefined : await openPolicy(policy);
  const { threshold, graceSeconds } = parsed?.revocation ?? {};
  const revocation =
    revocationList === undefined
      ? undefined
      : await openRevocationList(revocationList, {
          keys: await Promise.all((revocationKey ?? []).map(readKeyFile)),
          ...(threshold !== undefined && { threshold }),
          ...(graceSeconds !== undefined && { graceSeconds }),
          ...(revocationState !== undefined && { statePath: revocationState }),
        });
  return {
    ...(parsed !== undefined && { policy: parsed }),
    ...(hasTrustFlags(flags) && { trust: await readTrust(flags) }),
    ...(revocation !== undefined && { revocation }),
    ...(journal !== undefined && { journal: openJournal(journal) }),
  };
}
