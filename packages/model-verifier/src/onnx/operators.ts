// Operators by what they are for. A name that the standard does not know is in no list.

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Arithmetic, activations, normalisation and pooling: what classifies pictures. */
export const CLASSIFICATION: readonly string[] = words(`
  Abs Add AveragePool BatchNormalization Cast Ceil Clip Concat Constant ConstantOfShape Conv DequantizeLinear
  Div Dropout DynamicQuantizeLinear Elu Equal Erf Exp Expand Flatten Floor Gather Gelu Gemm GlobalAveragePool
  GlobalMaxPool GroupNormalization HardSigmoid HardSwish Hardmax Identity InstanceNormalization LRN
  LayerNormalization LeakyRelu Log LogSoftmax LpNormalization MatMul MatMulInteger Max MaxPool Mean Min Mish Mul
  Neg PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear ConvInteger RMSNormalization Reciprocal ReduceL2
  ReduceMax ReduceMean ReduceMin ReduceSum ReduceSumSquare Relu Reshape Round Selu Shape Sigmoid Slice Softmax
  Softplus Softsign Split Sqrt Squeeze Sub Sum Swish Tanh ThresholdedRelu Transpose Unsqueeze Where`);

/** Boxes, masks and grids. */
const BOXES: readonly string[] = words(`
  And ArgMax ArgMin ConvTranspose Cos CumSum DepthToSpace DeformConv Einsum GatherElements GatherND Greater
  GreaterOrEqual GridSample Less LessOrEqual Mod NonMaxSuppression NonZero Not OneHot Or Range ReduceL1
  ReduceLogSumExp ReduceProd Resize RoiAlign ScatterElements ScatterND Sign Sin Size SpaceToDepth Tile TopK
  Trilu Upsample Xor`);

/** Sequences of characters. */
const RECURRENT: readonly string[] = words('GRU LSTM RNN ReverseSequence');

export const DETECTION: readonly string[] = [...CLASSIFICATION, ...BOXES];
/** All that vision models need. */
export const VISION: readonly string[] = [...DETECTION, ...RECURRENT];

/** Operators that carry graphs of their own. */
export const CONTROL_FLOW: readonly string[] = ['If', 'Loop', 'Scan', 'SequenceMap'];

/** Every other operator of ai.onnx, of all versions. */
export const STANDARD: readonly string[] = [
  ...VISION,
  ...words(`
    Acos Acosh AffineGrid Asin Asinh Atan Atanh Attention Bernoulli BitCast BitShift BitwiseAnd BitwiseNot BitwiseOr
    BitwiseXor BlackmanWindow CastLike Celu CenterCropPad Col2Im Compress ConcatFromSequence Cosh DFT Det EyeLike
    GlobalLpPool HammingWindow HannWindow ImageDecoder IsInf IsNaN LpPool MaxRoiPool MaxUnpool
    MeanVarianceNormalization MelWeightMatrix Multinomial NegativeLogLikelihoodLoss Optional OptionalGetElement
    OptionalHasElement RandomNormal RandomNormalLike RandomUniform RandomUniformLike ReduceLogSum RegexFullMatch
    RotaryEmbedding STFT Scatter SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert
    SequenceLength Shrink Sinh SoftmaxCrossEntropyLoss SplitToSequence StringConcat StringNormalizer StringSplit Tan
    TensorScatter TfIdfVectorizer Unique`),
];

/** Every operator of ai.onnx.ml. */
export const STANDARD_ML: readonly string[] = words(`
  ArrayFeatureExtractor Binarizer CastMap CategoryMapper DictVectorizer FeatureVectorizer Imputer LabelEncoder
  LinearClassifier LinearRegressor Normalizer OneHotEncoder SVMClassifier SVMRegressor Scaler TreeEnsemble
  TreeEnsembleClassifier TreeEnsembleRegressor ZipMap`);
