import { listUnmet, REQUIREMENTS, type Requirement } from '../enforcement.ts';
import { demonstrate, type Proof } from '../testkit/demonstration.ts';
import type { Console } from './console.ts';
import { EXIT, UsageError } from './exit.ts';

export interface ProbeFlags {
  readonly require: readonly string[];
  readonly sandbox: string;
  readonly json: boolean;
}

/**
 * `probe`: prints what this machine enforces, each item proved by a hostile task.
 *
 * @returns `EXIT.unmet` if something that is claimed does not hold, or something required is not claimed.
 */
export async function probeCommand(flags: ProbeFlags, console: Console): Promise<number> {
  const required = flags.require.map(parseRequirement);
  const sandbox = parseSandbox(flags.sandbox);
  console.progress('trying what this machine can enforce');
  const { enforcement, proofs } = await demonstrate({ sandbox });
  const unmet = listUnmet(enforcement, required);
  const broken = proofs.filter(({ holds }) => !holds);
  if (flags.json) {
    console.print(JSON.stringify({ enforcement, proofs, unmet }));
  } else {
    for (const [control, level] of Object.entries(enforcement)) {
      console.print(`${control.padEnd(12)} ${level.padEnd(16)} ${describe(proofs, control)}`.trimEnd());
    }
    for (const requirement of unmet) console.complain(`required, and not enforced: ${requirement}`);
    for (const { control } of broken) console.complain(`claimed, and does not hold: ${control}`);
  }
  return unmet.length + broken.length === 0 ? EXIT.held : EXIT.unmet;
}

function describe(proofs: readonly Proof[], control: string): string {
  const proof = proofs.find((candidate) => candidate.control === control);
  return proof === undefined ? '' : `${proof.tried}: ${proof.found}`;
}

function parseRequirement(text: string): Requirement {
  const requirement = REQUIREMENTS.find((candidate) => candidate === text);
  if (requirement !== undefined) return requirement;
  throw new UsageError(`expected a control or control:level, found ${JSON.stringify(text)}`);
}

function parseSandbox(text: string): 'best' | 'off' {
  if (text === 'best' || text === 'off') return text;
  throw new UsageError(`expected --sandbox to be best or off, found ${JSON.stringify(text)}`);
}
