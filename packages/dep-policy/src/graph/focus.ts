import { normalizeName } from '../ecosystem.ts';
import type { Ecosystem } from '../ecosystem.ts';
import type { DependencyGraph } from './dependency-graph.ts';
import { MXNET_PACKAGES } from './mxnet-packages.ts';

/** Packages that belong together, by the name of the stack. */
export const FOCUS_PRESETS = {
  /** GluonCV, what it runs on, and what it reads pictures with. */
  'gluon-cv': {
    PyPI: [
      'gluoncv',
      ...MXNET_PACKAGES,
      'autocfg',
      'numpy',
      'scipy',
      'pillow',
      'opencv-python',
      'opencv-python-headless',
      'opencv-contrib-python',
      'opencv-contrib-python-headless',
      'matplotlib',
      'portalocker',
      'requests',
      'tqdm',
      'yacs',
      'pandas',
      'pyyaml',
      'torch',
      'torchvision',
    ],
    npm: [],
  },
  /** ONNX Runtime in both ecosystems, and the model format. */
  onnxruntime: {
    npm: ['onnxruntime-node', 'onnxruntime-web', 'onnxruntime-common', 'onnxruntime-react-native'],
    PyPI: ['onnxruntime', 'onnxruntime-gpu', 'onnxruntime-directml', 'onnxruntime-openvino', 'onnx'],
  },
} as const satisfies Record<string, Record<Ecosystem, readonly string[]>>;

/** A name of {@link FOCUS_PRESETS}. */
export type FocusPreset = keyof typeof FOCUS_PRESETS;

/** Whether a focus is a preset, and not the name of a package. */
function isFocusPreset(focus: string): focus is FocusPreset {
  return Object.hasOwn(FOCUS_PRESETS, focus);
}

/**
 * Finds the closure of a focus: its packages and everything beneath them.
 *
 * @param focus - Names of presets and of packages. A name counts in both ecosystems; `npm:` or `pypi:` before it
 *   restricts it to one.
 * @returns for each key in the closure the focuses that reach it, as they were given.
 */
export function focusClosure(
  { packages }: DependencyGraph,
  focus: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const closure = new Map<string, string[]>();
  for (const wanted of focus) {
    const pending = [...packages.values()].filter(isIn(wanted)).map(({ key }) => key);
    const seen = new Set<string>();
    for (let key = pending.pop(); key !== undefined; key = pending.pop()) {
      if (seen.has(key)) continue;
      seen.add(key);
      closure.set(key, [...(closure.get(key) ?? []), wanted]);
      for (const { to } of packages.get(key)?.dependencies ?? []) pending.push(to);
    }
  }
  return closure;
}

function isIn(focus: string): (node: { readonly ecosystem: Ecosystem; readonly name: string }) => boolean {
  if (isFocusPreset(focus)) {
    const preset: Record<Ecosystem, readonly string[]> = FOCUS_PRESETS[focus];
    return ({ ecosystem, name }) => preset[ecosystem].includes(name);
  }
  const [, prefix, name] = /^(?:(npm|pypi):)?(.*)$/is.exec(focus)!;
  return (node) =>
    (prefix === undefined || prefix.toLowerCase() === node.ecosystem.toLowerCase()) &&
    node.name === normalizeName(node.ecosystem, name!);
}
