/** Apache MXNet on PyPI, by the names of its builds. */
export const MXNET_PACKAGES = [
  'mxnet',
  'mxnet-mkl',
  'mxnet-native',
  'mxnet-cu92',
  'mxnet-cu100',
  'mxnet-cu101',
  'mxnet-cu102',
  'mxnet-cu110',
  'mxnet-cu112',
] as const;
