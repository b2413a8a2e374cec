import { dataType } from './data-type.ts';
import { bounded, broadcast, known, OPAQUE, type KnownValue } from './known-value.ts';
import {
  concat,
  gather,
  reshape,
  shapeOf,
  sizeOfAll,
  slice,
  squeeze,
  transpose,
  unsqueeze,
} from './shape-rules.ts';
import { bare, fromFront, noMoreThanFirst, one, shaped, sizeOnly, type SizeRule } from './size-rule.ts';
import { convolution, pool, transposedConvolution } from './window-rules.ts';

/** One output, as wide as the first input. */
export const sameAsFirst: SizeRule = (call) => {
  const [first] = call.inputs;
  if (first === undefined) return [];
  // Shared along a chain of such operators: a graph has hundreds of thousands.
  return one(first.isConstant || first.values !== undefined ? bare(first, call.isConstant) : first);
};

const elementwise =
  (compute?: (...values: readonly number[]) => number): SizeRule =>
  (call) => {
    const inputs = call.inputs.filter((input) => input !== undefined);
    if (inputs.length === 0 || inputs.length < call.inputs.length) return [];
    const bits = Math.max(...inputs.map((input) => input.bits));
    const shapes = inputs.map((input) => input.dims);
    if (!shapes.every((dims) => dims !== undefined)) {
      const product = inputs.reduce((total, input) => total * (input.elements ?? NaN), 1);
      return one(bounded(call.isConstant, bits, Number.isNaN(product) ? undefined : product));
    }
    const dims = broadcast(shapes);
    const [first] = inputs;
    if (first !== undefined && !first.isConstant && inputs.every((input) => input === first))
      return one(first);
    const isInteger = inputs.every((input) => input.isInteger);
    const values = compute === undefined ? undefined : computeValues(inputs, dims, compute);
    // An integer that wraps is another number: from there on nothing is known.
    const highest = Math.min(2 ** (bits - 1), Number.MAX_SAFE_INTEGER);
    const isExact = values?.every((value) => !isInteger || Math.abs(value) < highest) === true;
    const followed = isInteger ? values?.map(Math.trunc) : values;
    return one(known(call.isConstant, bits, dims, isExact ? followed : undefined, isInteger));
  };

/** Only vectors and scalars: what shapes are computed from. */
function computeValues(
  inputs: readonly KnownValue[],
  dims: readonly number[],
  compute: (...values: readonly number[]) => number,
): readonly number[] | undefined {
  if (dims.length > 1 || (dims[0] ?? 1) > 256 || inputs.some(({ values }) => values === undefined))
    return undefined;
  return Array.from({ length: dims[0] ?? 1 }, (_, index) =>
    compute(...inputs.map(({ values }) => values![values!.length === 1 ? 0 : index] ?? NaN)),
  );
}

const constant: SizeRule = (call) => {
  const tensor = call.tensor('value');
  if (tensor !== undefined) return one(tensor);
  for (const name of ['value_int', 'value_ints']) {
    const values = call.ints(name);
    if (values !== undefined)
      return one(known(true, 64, name === 'value_int' ? [] : [values.length], values, true));
  }
  for (const name of ['value_float', 'value_floats']) {
    const values = call.floats(name);
    if (values !== undefined)
      return one(known(true, 32, name === 'value_float' ? [] : [values.length], values));
  }
  const dims = call.sparseDims('sparse_value');
  if (dims === undefined) return one(OPAQUE);
  call.isMade = true;
  return one(known(true, 64, dims));
};

const constantOfShape: SizeRule = (call) => {
  const dims = call.sizes(0);
  const fill = call.tensor('value');
  const isConstant = call.inputs[0]?.isConstant === true;
  if (dims === undefined) return one(shaped(call, undefined, 32, isConstant));
  const made = known(isConstant, fill?.bits ?? 32, dims);
  const value = fill === undefined ? 0 : fill.values?.[0];
  if (value === undefined || made.elements === undefined || made.elements > 256) return one(made);
  return one(
    known(
      isConstant,
      made.bits,
      dims,
      Array.from({ length: made.elements }, () => value),
      fill?.isInteger,
    ),
  );
};

const expand: SizeRule = (call) => {
  const [data] = call.inputs;
  const shape = call.sizes(1);
  if (shape === undefined) return one(shaped(call, undefined, 64, call.isConstant));
  return one(known(call.isConstant, data?.bits ?? 64, broadcast([data?.dims ?? [], shape])));
};

const tile: SizeRule = (call) => {
  const [data] = call.inputs;
  const repeats = call.sizes(1);
  if (repeats === undefined) return one(shaped(call, undefined, 64, call.isConstant));
  if (call.opset < 6) {
    // Version 1: how often, and along which axis.
    return one(bounded(call.isConstant, data?.bits ?? 64, (data?.elements ?? 1) * (repeats[0] ?? 1)));
  }
  // Data made while running has one element at least, or the result is empty.
  const dims = data?.dims ?? repeats.map(() => 1);
  const result = repeats.map((repeat, axis) => (dims[axis] ?? 1) * repeat);
  return one(data === undefined ? sizeOnly(call, result, 32) : known(call.isConstant, data.bits, result));
};

const range: SizeRule = (call) => {
  const [start, limit, delta] = [call.sizes(0), call.sizes(1), call.sizes(2)];
  const bits = Math.max(...call.inputs.map((input) => input?.bits ?? 0), 8);
  if (start === undefined || limit === undefined || delta === undefined) {
    return one(shaped(call, undefined, bits, call.isConstant));
  }
  const step = delta[0] ?? NaN;
  const first = start[0] ?? NaN;
  const count = Math.max(0, Math.ceil(((limit[0] ?? NaN) - first) / step));
  if (Number.isNaN(count)) {
    call.isUnbounded = true;
    return one(OPAQUE);
  }
  const values = count <= 256 ? Array.from({ length: count }, (_, index) => first + index * step) : undefined;
  const isInteger = call.inputs.every((input) => input?.isInteger === true);
  return one(known(call.isConstant, bits, [count], values, isInteger));
};

const pad: SizeRule = (call) => {
  const [data] = call.inputs;
  const pads = call.inputs.length > 1 ? call.sizes(1) : (call.ints('pads') ?? call.ints('paddings'));
  if (pads === undefined) return one(shaped(call, undefined, data?.bits ?? 64, call.isConstant));
  const axes = call.inputs.length > 3 ? call.sizes(3) : undefined;
  const half = Math.floor(pads.length / 2);
  if (data?.dims === undefined) {
    const dims = Array.from({ length: half }, (_, axis) =>
      Math.max(1, (pads[axis] ?? 0) + (pads[axis + half] ?? 0)),
    );
    return one(sizeOnly(call, dims, data?.bits ?? 32));
  }
  const dims = [...data.dims];
  for (let index = 0; index < half; index++) {
    const axis = fromFront(axes?.[index] ?? index, dims.length);
    if (axis in dims) dims[axis] = Math.max(0, dims[axis]! + (pads[index] ?? 0) + (pads[index + half] ?? 0));
  }
  return one(known(call.isConstant, data.bits, dims));
};

/** Inputs: data, roi, scales, sizes (version 10 and Upsample: data, scales; Upsample before 9: an attribute). */
const resize: SizeRule = (call) => {
  const [data] = call.inputs;
  const bits = data?.bits ?? 32;
  const sizes = call.inputs.length > 3 ? call.sizes(3) : undefined;
  const scales =
    call.inputs.length === 1 ? call.floats('scales') : call.sizes(call.inputs.length === 2 ? 1 : 2);
  const axes = call.ints('axes');
  if (sizes !== undefined && sizes.length > 0) {
    const dims = data?.dims === undefined ? undefined : [...data.dims];
    if (dims === undefined) return one(sizeOnly(call, sizes, bits));
    const targets = sizes.map((size, index) => ({
      axis: fromFront(axes?.[index] ?? index, dims.length),
      size,
    }));
    // Any other policy scales all axes alike, some of them past what is asked for.
    const policy = call.text('keep_aspect_ratio_policy') ?? 'stretch';
    const scale = Math.max(...targets.map(({ axis, size }) => size / Math.max(dims[axis] ?? 1, 1)));
    for (const { axis, size } of targets)
      dims[axis] = policy === 'stretch' ? size : Math.round((dims[axis] ?? 1) * scale);
    return one(known(call.isConstant, bits, dims));
  }
  if (scales === undefined || scales.length === 0) return one(shaped(call, undefined, bits, call.isConstant));
  if (scales.some((scale) => !Number.isFinite(scale) || scale < 0)) {
    call.isUnbounded = true;
    return one(OPAQUE);
  }
  const scaled = (dim: number, index: number): number => Math.floor(dim * (scales[index] ?? 1));
  if (data?.dims === undefined)
    return one(
      sizeOnly(
        call,
        scales.map((scale) => Math.max(1, Math.floor(scale))),
        bits,
      ),
    );
  const dims = [...data.dims];
  scales.forEach((_, index) => {
    const axis = fromFront(axes?.[index] ?? index, dims.length);
    dims[axis] = scaled(dims[axis] ?? 1, index);
  });
  return one(known(call.isConstant, bits, dims));
};

/** Random tensors are made while running, in the size that the model fixes. */
const random: SizeRule = (call) => {
  const shape = call.ints('shape');
  return shape === undefined ? [] : one(known(false, dataType(call.int('dtype') ?? 1)?.bits ?? 64, shape));
};

const likeFirst: SizeRule = (call) => {
  const [first] = call.inputs;
  return first === undefined ? [] : one({ ...bare(first, false), bits: 64 });
};

const cast: SizeRule = (call) => {
  const [data] = call.inputs;
  if (data === undefined) return [];
  const to = dataType(call.int('to') ?? 0);
  const isWhole = to !== undefined && /^u?int/.test(to.name);
  const cut =
    to?.name === 'bool' ? undefined : data.values?.map((value) => (isWhole ? Math.trunc(value) : value));
  // One that does not fit wraps, and what it then is depends on the machine.
  const highest = Math.min(2 ** ((to?.bits ?? 64) - 1), Number.MAX_SAFE_INTEGER);
  const values = isWhole && cut?.every((value) => Math.abs(value) < highest) !== true ? undefined : cut;
  return one({ ...data, bits: to?.bits ?? 64, values, isInteger: isWhole });
};

const likeSecond: SizeRule = (call) => {
  const [data, indices] = call.inputs;
  if (data === undefined || indices === undefined) return [];
  return one({ ...bare(indices, call.isConstant), bits: data.bits });
};

const product: SizeRule = (call) => {
  const [data, indices] = call.inputs;
  const elements = (data?.elements ?? NaN) * (indices?.elements ?? NaN);
  return one(bounded(call.isConstant, data?.bits ?? 64, Number.isNaN(elements) ? undefined : elements));
};

const oneHot: SizeRule = (call) => {
  const [indices, , values] = call.inputs;
  const depth = call.sizes(1)?.[0];
  if (depth === undefined) return one(shaped(call, undefined, 64, call.isConstant));
  return one(bounded(call.isConstant, values?.bits ?? 64, Math.max(0, depth) * (indices?.elements ?? 1)));
};

const matMul: SizeRule = (call) => {
  const [a, b] = call.inputs;
  if (a === undefined || b === undefined) return [];
  const bits = Math.max(a.bits, b.bits, 32);
  if (a.dims === undefined || b.dims === undefined) {
    return one(bounded(call.isConstant, bits, (a.elements ?? NaN) * (b.elements ?? NaN) || undefined));
  }
  const left = a.dims.length === 1 ? [1, ...a.dims] : a.dims;
  const right = b.dims.length === 1 ? [...b.dims, 1] : b.dims;
  const batch = broadcast([left.slice(0, -2), right.slice(0, -2)]);
  return one(known(call.isConstant, bits, [...batch, left.at(-2) ?? 1, right.at(-1) ?? 1]));
};

const gemm: SizeRule = (call) => {
  const [a, b] = call.inputs;
  if (a?.dims === undefined || b?.dims === undefined) return product(call);
  const rows = a.dims[call.int('transA') === 1 ? 1 : 0] ?? 1;
  const columns = b.dims[call.int('transB') === 1 ? 0 : 1] ?? 1;
  return one(known(call.isConstant, Math.max(a.bits, b.bits), [rows, columns]));
};

const flatten: SizeRule = (call) => {
  const [data] = call.inputs;
  return data === undefined ? [] : one(bounded(call.isConstant, data.bits, data.elements));
};

/** One coordinate per axis for every element. */
const nonZero: SizeRule = (call) => {
  const [data] = call.inputs;
  if (data === undefined) return [];
  const elements = data.elements === undefined ? undefined : data.elements * (data.dims?.length ?? 16);
  return one(bounded(call.isConstant, 64, elements));
};

/** Windows of a length that an input fixes. */
const windowOf: SizeRule = (call) => {
  const size = call.sizes(0);
  return one(shaped(call, size, 64, call.inputs[0]?.isConstant === true));
};

/** Three numbers for each box that is kept: at most all boxes, once for each class. */
const suppression: SizeRule = (call) => {
  const scores = call.inputs[1]?.elements;
  return one(bounded(call.isConstant, 64, scores === undefined ? undefined : scores * 3));
};

/** As many elements as the first input has, each as wide as can be. */
const widened: SizeRule = (call) => {
  const [first] = call.inputs;
  return first === undefined ? [] : one({ ...bare(first, call.isConstant), bits: 64 });
};

/** The dims stand in the input of this number. */
const shapedBy =
  (index: number): SizeRule =>
  (call) => {
    const dims = call.sizes(index);
    if (dims === undefined && call.isConstant) call.isUnbounded = true;
    return one(dims === undefined ? shaped(call, undefined, 64, call.isConstant) : sizeOnly(call, dims, 64));
  };

const each = (names: string, rule: SizeRule): readonly (readonly [string, SizeRule])[] =>
  names
    .trim()
    .split(/\s+/)
    .map((name) => [name, rule] as const);

/**
 * What every operator makes that a session may compute when it is created. One that stands here neither by name nor
 * by kind has no bound; where all its inputs are constant that is a violation.
 */
export const SIZE_RULES: ReadonlyMap<string, SizeRule> = new Map([
  ...each(
    `Abs Acos Acosh Asin Asinh Atan Atanh BatchNormalization BitwiseNot Celu Clip Cos Cosh CumSum DequantizeLinear
     Dropout Elu Erf Exp Gelu GroupNormalization HardSigmoid HardSwish Hardmax InstanceNormalization IsInf IsNaN LRN
     LayerNormalization LeakyRelu Log LogSoftmax LpNormalization MeanVarianceNormalization Mish Not PRelu
     QuantizeLinear DynamicQuantizeLinear RMSNormalization Reciprocal Relu ReverseSequence Round Scatter
     ScatterElements ScatterND Selu Shrink Sigmoid Sign Sin Sinh Softmax Softplus Softsign Swish Tan Tanh
     ThresholdedRelu Trilu TensorScatter`,
    sameAsFirst,
  ),
  ...each(
    `ArgMax ArgMin Compress DepthToSpace GlobalAveragePool GlobalLpPool GlobalMaxPool ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
     ReduceSumSquare SpaceToDepth Split TopK Unique`,
    noMoreThanFirst,
  ),
  ...each(
    'And BitwiseAnd BitwiseOr BitwiseXor BitShift Equal Greater GreaterOrEqual Less LessOrEqual Mean Mod Or Pow Where Xor',
    elementwise(),
  ),
  ['Add', elementwise((a = 0, b = 0) => a + b)],
  ['Sub', elementwise((a = 0, b = 0) => a - b)],
  ['Mul', elementwise((a = 0, b = 0) => a * b)],
  ['Div', elementwise((a = 0, b = 0) => a / b)],
  ['Max', elementwise((...values) => Math.max(...values))],
  ['Min', elementwise((...values) => Math.min(...values))],
  ['Sum', elementwise((...values) => values.reduce((sum, value) => sum + value, 0))],
  ['Identity', (call) => one(call.inputs[0])],
  ['Neg', elementwise((a = 0) => -a)],
  ['Ceil', elementwise((a = 0) => Math.ceil(a))],
  ['Floor', elementwise((a = 0) => Math.floor(a))],
  ['Sqrt', elementwise((a = 0) => Math.sqrt(a))],
  ['Constant', constant],
  ['ConstantOfShape', constantOfShape],
  ['Expand', expand],
  ['Tile', tile],
  ['Range', range],
  ['Pad', pad],
  ['Resize', resize],
  ['Upsample', resize],
  ...each('RandomNormal RandomUniform', random),
  ...each('RandomNormalLike RandomUniformLike Bernoulli', likeFirst),
  ...each('EyeLike CastLike', widened),
  ['Cast', cast],
  ['Shape', shapeOf],
  ['Size', sizeOfAll],
  ['Concat', concat],
  ['Reshape', reshape],
  ['Squeeze', squeeze],
  ['Unsqueeze', unsqueeze],
  ['Flatten', flatten],
  ['Transpose', transpose],
  ['Slice', slice],
  ['Gather', gather],
  ['GatherElements', likeSecond],
  ['GatherND', product],
  ['OneHot', oneHot],
  ...each('MatMul MatMulInteger QLinearMatMul', matMul),
  ['Gemm', gemm],
  ...each('AveragePool LpPool MaxPool', pool),
  ['Conv', convolution(1, 0)],
  ['ConvInteger', convolution(1, 32)],
  ['QLinearConv', convolution(3, 0)],
  ['ConvTranspose', transposedConvolution],
  ['NonZero', nonZero],
  ['NonMaxSuppression', suppression],
  ...each('HannWindow HammingWindow BlackmanWindow', windowOf),
  ...each('AffineGrid CenterCropPad', shapedBy(1)),
  ['MaxUnpool', shapedBy(2)],
]);
