import { cast, elementwise, likeFirst, likeSecond, sameAsFirst, widened } from './element-rules.ts';
import {
  constant,
  constantOfShape,
  expand,
  oneHot,
  pad,
  random,
  range,
  shapedBy,
  tile,
  windowOf,
} from './filling-rules.ts';
import { gemm, matMul, product } from './matrix-rules.ts';
import { argument, flatten, globalPool, nonZero, reduce, suppression } from './reduction-rules.ts';
import { resize } from './resize-rule.ts';
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
import { noMoreThanFirst, one, type SizeRule } from './size-rule.ts';
import { convolution, pool, transposedConvolution } from './window-rules.ts';

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
    `ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
     ReduceSumSquare`,
    reduce,
  ),
  ...each('ArgMax ArgMin', argument),
  ...each('GlobalAveragePool GlobalLpPool GlobalMaxPool', globalPool),
  ...each('Compress DepthToSpace SpaceToDepth Split TopK Unique', noMoreThanFirst),
  ...each(
    'And BitwiseAnd BitwiseOr BitwiseXor BitShift Greater GreaterOrEqual Less LessOrEqual Mean Mod Or Pow Xor',
    elementwise(),
  ),
  ['Equal', elementwise((a = 0, b = 0) => (Number.isNaN(a + b) ? NaN : Number(a === b)))],
  ['Where', elementwise((which = 0, a = 0, b = 0) => (Number.isNaN(which) ? NaN : which === 0 ? b : a), 1)],
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
  ...each('MatMul MatMulInteger', matMul(1)),
  ['QLinearMatMul', matMul(3)],
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
