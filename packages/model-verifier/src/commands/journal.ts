import type { JournalHead, JournalRecord } from '../journal/record.ts';
import { readJournal, verifyJournal } from '../journal/verify.ts';
import type { CommandLine } from './command-line.ts';
import { count, printable } from './console.ts';
import { UsageError } from './exit.ts';
import { orRefused, printVerdict } from './print-verdict.ts';

interface JournalFlags {
  readonly journal: string;
  readonly anchor?: string;
  readonly json: boolean;
}

/** `journal verify` and `journal show <model>`. */
export function addJournalCommand({ program, console, end }: CommandLine): void {
  const journal = program.command('journal').description('the history of what was verified and loaded');
  const option = ['--journal <file>', 'the journal', 'models.journal.jsonl'] as const;
  const json = ['--json', 'JSON on stdout, and nothing else there', false] as const;

  journal
    .command('verify')
    .description('find every edit, cut and change of order; print an anchor for the next time')
    .option(...option)
    .option('--anchor <seq:sha256:hex>', 'a record that must be in it, as an earlier run printed it')
    .option(...json)
    .action(async (flags: JournalFlags) => {
      const anchor = flags.anchor === undefined ? undefined : parseAnchor(flags.anchor);
      const verdict = await orRefused(() =>
        verifyJournal(flags.journal, { ...(anchor !== undefined && { anchor }) }),
      );
      end(
        printVerdict(console, flags.journal, verdict, flags.json, (evidence) =>
          evidence === null
            ? []
            : [
                `records  ${count(evidence.records)}, held against ${evidence.anchored}`,
                `anchor   ${evidence.head.seq}:${evidence.head.digest}`,
              ],
        ),
      );
    });

  journal
    .command('show')
    .description('tell the history of a model; it is verified first')
    .argument('<model>', 'name in the lock')
    .option(...option)
    .option('--json', 'one JSON document a record on stdout, and nothing else there', false)
    .action(async (model: string, flags: JournalFlags) => {
      const verdict = await orRefused(() => verifyJournal(flags.journal));
      if (verdict.evidence !== null) {
        for await (const record of readJournal(flags.journal, model)) {
          console.print(flags.json ? JSON.stringify(record) : printable(describe(record)));
        }
      }
      // A history that does not verify is shown all the same, and never without saying so.
      if (verdict.verdict === 'refused') {
        end(
          printVerdict(
            {
              ...console,
              print: (line) => {
                console.complain(line);
              },
            },
            flags.journal,
            verdict,
            flags.json,
          ),
        );
      }
    });
}

function describe({ seq, event, statement }: JournalRecord): string {
  const { predicate, subject } = statement;
  const time = [predicate['timeVerified'], predicate['timeLoaded'], predicate['timeRecovered']].find(
    (value) => typeof value === 'string',
  );
  const result = typeof predicate['verificationResult'] === 'string' ? predicate['verificationResult'] : '';
  const reasons = Array.isArray(predicate['urn:sallyport:reasons'])
    ? predicate['urn:sallyport:reasons'].join(' ')
    : '';
  const [first] = subject;
  const digest = first === undefined ? '' : `sha256:${first.digest.sha256.slice(0, 16)}…`;
  return [String(seq), time ?? '', event, result, digest, reasons].filter((part) => part !== '').join('  ');
}

function parseAnchor(text: string): JournalHead {
  const [, seq, digest = ''] = /^(\d{1,15}):(sha256:[0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined) throw new UsageError('--anchor is <seq>:sha256:<hex>, as journal verify prints it');
  return { seq: Number(seq), digest };
}
