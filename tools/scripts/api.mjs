// Compares a package's public types with its committed report (etc/*.api.md); `--write` accepts the change.
import { mkdirSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';

const projectFolder = process.cwd();
const name = basename(projectFolder);
const write = process.argv.includes('--write');
if (write) mkdirSync('etc', { recursive: true });

const config = ExtractorConfig.prepare({
  configObjectFullPath: undefined,
  packageJsonFullPath: resolve('package.json'),
  configObject: {
    projectFolder,
    newlineKind: 'lf',
    mainEntryPointFilePath: '<projectFolder>/dist/index.d.ts',
    compiler: { tsconfigFilePath: '<projectFolder>/tsconfig.json' },
    apiReport: {
      enabled: true,
      reportFileName: `${name}.api.md`,
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
        // Every export of src/index.ts is public; a type that it needs must be exported with it.
        'ae-missing-release-tag': { logLevel: 'none' },
        // Exports carry a doc comment (review sees to it); a member as plain as `width` need not.
        'ae-undocumented': { logLevel: 'none' },
        'ae-forgotten-export': { logLevel: 'error' },
      },
      tsdocMessageReporting: { default: { logLevel: 'none' } },
    },
  },
});
const { succeeded, apiReportChanged } = Extractor.invoke(config, { localBuild: write });
if (apiReportChanged && !write) {
  console.error(
    `${name}: the public API differs from etc/. Read the change, then: npx nx api ${name} --write --skip-nx-cache`,
  );
  process.exitCode = 1;
} else if (!succeeded) {
  console.error(`${name}: the public API has the problems listed above.`);
  process.exitCode = 1;
}
