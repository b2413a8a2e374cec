// Compares a package's public types with its committed reports (etc/*.api.md), one for each entry point;
// `--write` accepts the change.
import { mkdirSync, readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';

const projectFolder = process.cwd();
const name = basename(projectFolder);
const write = process.argv.includes('--write');
if (write) mkdirSync('etc', { recursive: true });

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
for (const [subpath, { types }] of Object.entries(exports)) {
  if (types) compareEntry(subpath, types);
}

function compareEntry(subpath, types) {
  const main = subpath === '.';
  const entry = main ? name : `${name}.${subpath.slice(2).replaceAll('/', '-')}`;
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: resolve('package.json'),
    configObject: {
      projectFolder,
      newlineKind: 'lf',
      mainEntryPointFilePath: types.replace('./', '<projectFolder>/'),
      compiler: { tsconfigFilePath: '<projectFolder>/tsconfig.json' },
      apiReport: {
        enabled: true,
        reportFileName: `${entry}.api.md`,
        reportFolder: '<projectFolder>/etc',
        reportTempFolder: '<projectFolder>/temp',
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: 'error' } },
        extractorMessageReporting: {
          default: { logLevel: 'warning' },
          // Every export of an entry point is public; a type that it needs must be exported with it.
          'ae-missing-release-tag': { logLevel: 'none' },
          // Exports carry a doc comment (review sees to it); a member as plain as `width` need not.
          'ae-undocumented': { logLevel: 'none' },
          // A further entry point may speak of types that the main one exports.
          'ae-forgotten-export': { logLevel: main ? 'error' : 'none' },
        },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
    },
  });
  const { succeeded, apiReportChanged } = Extractor.invoke(config, { localBuild: write });
  if (apiReportChanged && !write) {
    console.error(
      `${entry}: the public API differs from etc/. Read the change, then: npx nx api ${name} --write --skip-nx-cache`,
    );
    process.exitCode = 1;
  } else if (!succeeded) {
    console.error(`${entry}: the public API has the problems listed above.`);
    process.exitCode = 1;
  }
}
