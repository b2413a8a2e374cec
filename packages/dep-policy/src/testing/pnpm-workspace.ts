// A workspace and the lock that pnpm 12.21.0 wrote for it: aliases, catalogs, overrides (also one that removes and one
// that refers), peers, links, an optional dependency, tarball URLs.

/** Path to content, as {@link writeProject} takes it. */
export const PNPM_WORKSPACE: Readonly<Record<string, string>> = {
  'package.json': `{
  "name": "root",
  "private": true,
  "dependencies": { "a": "workspace:*", "aliased": "npm:wrappy@1.0.2", "debug": "4.4.3", "ms": "2.1.3" },
  "devDependencies": { "once": "catalog:old", "wrappy": "catalog:" },
  "optionalDependencies": { "inherits": "2.0.4" }
}
`,
  'packages/a/package.json': `{
  "name": "a",
  "version": "1.0.0",
  "peerDependencies": { "ms": ">=2", "supports-color": "^10.0.0", "wrappy": "1" },
  "peerDependenciesMeta": { "supports-color": { "optional": true } },
  "devDependencies": { "wrappy": "1.0.2" },
  "dependencies": { "argparse": "1.0.10", "b": "workspace:2.0.0", "sprintf-js": "1.1.3", "x": "link:../../tools/x" }
}
`,
  'packages/b/package.json': `{ "name": "b", "version": "2.0.0", "dependencies": { "debug": "4.4.3" } }
`,
  'tools/x/package.json': `{ "name": "x" }
`,
  'pnpm-workspace.yaml': `packages:
  - packages/*
  - tools/x
catalog:
  wrappy: 1.0.2
catalogs:
  old:
    once: 1.4.0
overrides:
  argparse>sprintf-js: '-'
  debug@4>ms: $ms
  sprintf-js: 1.0.3
lockfileIncludeTarballUrl: true
`,
  'pnpm-lock.yaml': `lockfileVersion: '9.0'

settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false

catalogs:
  default:
    wrappy:
      specifier: 1.0.2
      version: 1.0.2
  old:
    once:
      specifier: 1.4.0
      version: 1.4.0

overrides:
  argparse>sprintf-js: '-'
  debug@4>ms: 2.1.3
  sprintf-js: 1.0.3

importers:

  .:
    dependencies:
      a:
        specifier: workspace:*
        version: link:packages/a
      aliased:
        specifier: npm:wrappy@1.0.2
        version: wrappy@1.0.2
      debug:
        specifier: 4.4.3
        version: 4.4.3(supports-color@10.2.2)
      ms:
        specifier: 2.1.3
        version: 2.1.3
    devDependencies:
      once:
        specifier: catalog:old
        version: 1.4.0
      wrappy:
        specifier: 'catalog:'
        version: 1.0.2
    optionalDependencies:
      inherits:
        specifier: 2.0.4
        version: 2.0.4

  packages/a:
    dependencies:
      argparse:
        specifier: 1.0.10
        version: 1.0.10
      b:
        specifier: workspace:2.0.0
        version: link:../b
      ms:
        specifier: '>=2'
        version: 2.1.3
      sprintf-js:
        specifier: 1.0.3
        version: 1.0.3
      supports-color:
        specifier: ^10.0.0
        version: 10.2.2
      x:
        specifier: link:../../tools/x
        version: link:../../tools/x
    devDependencies:
      wrappy:
        specifier: 1.0.2
        version: 1.0.2

  packages/b:
    dependencies:
      debug:
        specifier: 4.4.3
        version: 4.4.3(supports-color@10.2.2)

  tools/x: {}

packages:

  argparse@1.0.10:
    resolution: {integrity: sha512-o5Roy6tNG4SL/FOkCAN6RzjiakZS25RLYFrcMttJqbdd8BWrnA+fGz57iN5Pb06pvBGvl5gQ0B48dJlslXvoTg==, tarball: https://registry.npmjs.org/argparse/-/argparse-1.0.10.tgz}

  debug@4.4.3:
    resolution: {integrity: sha512-RGwwWnwQvkVfavKVt22FGLw+xYSdzARwm0ru6DhTVA3umU5hZc28V3kO4stgYryrTlLpuvgI9GiijltAjNbcqA==, tarball: https://registry.npmjs.org/debug/-/debug-4.4.3.tgz}
    engines: {node: '>=6.0'}
    peerDependencies:
      supports-color: '*'
    peerDependenciesMeta:
      supports-color:
        optional: true

  inherits@2.0.4:
    resolution: {integrity: sha512-k/vGaX4/Yla3WzyMCvTQOXYeIHvqOKtnqBduzTHpzpQZzAskKMhZ2K+EnBiSM9zGSoIFeMpXKxa4dYeZIQqewQ==, tarball: https://registry.npmjs.org/inherits/-/inherits-2.0.4.tgz}

  ms@2.1.3:
    resolution: {integrity: sha512-6FlzubTLZG3J2a/NVCAleEhjzq5oxgHyaCU9yYXvcLsvoVaHJq/s5xXI6/XXP6tz7R9xAOtHnSO/tXtF3WRTlA==, tarball: https://registry.npmjs.org/ms/-/ms-2.1.3.tgz}

  once@1.4.0:
    resolution: {integrity: sha512-lNaJgI+2Q5URQBkccEKHTQOPaXdUxnZZElQTZY0MFUAuaEqe1E+Nyvgdz/aIyNi6Z9MzO5dv1H8n58/GELp3+w==, tarball: https://registry.npmjs.org/once/-/once-1.4.0.tgz}

  sprintf-js@1.0.3:
    resolution: {integrity: sha512-D9cPgkvLlV3t3IzL0D0YLvGA9Ahk4PcvVwUbN0dSGr1aP0Nrt4AEnTUbuGvquEC0mA64Gqt1fzirlRs5ibXx8g==, tarball: https://registry.npmjs.org/sprintf-js/-/sprintf-js-1.0.3.tgz}

  supports-color@10.2.2:
    resolution: {integrity: sha512-SS+jx45GF1QjgEXQx4NJZV9ImqmO2NPz5FNsIHrsDjh2YsHnawpan7SNQ1o8NuhrbHZy9AZhIoCUiCeaW/C80g==, tarball: https://registry.npmjs.org/supports-color/-/supports-color-10.2.2.tgz}
    engines: {node: '>=18'}

  wrappy@1.0.2:
    resolution: {integrity: sha512-l4Sp/DRseor9wL6EvV2+TuQn63dMkPjZ/sp9XkghTEbV9KlPS1xUsZ3u7/IQO4wxtcFB4bgpQPRcR3QCvezPcQ==, tarball: https://registry.npmjs.org/wrappy/-/wrappy-1.0.2.tgz}

snapshots:

  argparse@1.0.10: {}

  debug@4.4.3(supports-color@10.2.2):
    dependencies:
      ms: 2.1.3
    optionalDependencies:
      supports-color: 10.2.2

  inherits@2.0.4:
    optional: true

  ms@2.1.3: {}

  once@1.4.0:
    dependencies:
      wrappy: 1.0.2

  sprintf-js@1.0.3: {}

  supports-color@10.2.2: {}

  wrappy@1.0.2: {}
`,
};
